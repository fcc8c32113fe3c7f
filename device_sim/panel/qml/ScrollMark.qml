// Where one is in what scrolls; nothing where all of it is seen.
import QtQuick

Rectangle {
    required property Flickable flickable
    property bool light: true

    anchors.right: flickable.right
    anchors.rightMargin: 3
    color: light ? "#55FFFFFF" : "#55000000"
    height: Math.max(24, flickable.visibleArea.heightRatio * flickable.height)
    radius: 2
    visible: flickable.visibleArea.heightRatio < 0.999
    width: 4
    y: flickable.y + flickable.visibleArea.yPosition * flickable.height
}
