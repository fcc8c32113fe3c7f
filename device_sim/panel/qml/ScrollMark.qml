// Where one is in what scrolls; nothing where all of it is seen.
import QtQuick

Rectangle {
    required property Flickable flickable
    property bool light: true

    anchors.right: parent.right
    anchors.rightMargin: 3
    color: light ? "#70FFFFFF" : "#70000000"
    height: Math.max(24, flickable.visibleArea.heightRatio * flickable.height)
    radius: 2
    visible: flickable.visible && flickable.visibleArea.heightRatio < 0.999
    width: 4
    y: flickable.y + Math.min(flickable.visibleArea.yPosition * flickable.height, flickable.height - height)
}
