// A line of text in a box as high as its glyphs, not as the font's generous line; it shrinks rather than be cut.
import QtQuick

Text {
    property real size: Theme.textBody
    property bool strong: false

    bottomPadding: 0.14 * size // the font leaves more room above its glyphs than below
    color: Theme.onAccent
    elide: Text.ElideRight
    font.family: Theme.family
    font.pixelSize: size
    font.weight: strong ? Font.Bold : Font.Normal
    fontSizeMode: Text.HorizontalFit
    height: 1.1 * size
    minimumPixelSize: Math.min(size, Theme.textSmall)
    textFormat: Text.PlainText
    verticalAlignment: Text.AlignVCenter

    Accessible.name: text
    Accessible.role: Accessible.StaticText
}
