// A text: one family, two weights, sizes of the theme.
import QtQuick

Text {
    property real size: Theme.textBody
    property bool strong: false

    color: Theme.ink
    font.family: Theme.family
    font.pixelSize: size
    font.weight: strong ? Font.Bold : Font.Normal
    lineHeight: 1.08
    textFormat: Text.PlainText
    wrapMode: Text.Wrap

    Accessible.role: Accessible.StaticText
    Accessible.name: text
}
