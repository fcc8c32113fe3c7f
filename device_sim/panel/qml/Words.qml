// A text in the bundled font.
import QtQuick

Text {
    property real size: 14
    property bool strong: false

    color: Look.ink
    elide: Text.ElideRight
    font.family: Look.family
    font.pixelSize: size
    font.weight: strong ? Font.Bold : Font.Normal
    textFormat: Text.PlainText
}
