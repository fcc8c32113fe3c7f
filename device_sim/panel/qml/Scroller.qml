// A page that scrolls where it is too long.
import QtQuick

Item {
    id: root

    default property alias content: inner.data

    Flickable {
        id: flickable

        anchors.fill: parent
        anchors.leftMargin: 20
        anchors.rightMargin: 20
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        contentHeight: inner.height + 32
        contentWidth: width

        Item {
            id: inner

            height: childrenRect.height
            width: flickable.width
            y: 16
        }
    }
    ScrollMark {
        anchors.right: parent.right
        flickable: flickable
    }
}
