// A receipt comes out of its slot; drawn on the board of Picture, 240 x 240.
import QtQuick

Item {
    id: root

    readonly property real dot: width / 240

    // 0: the receipt is out, 1: it is in. Still pictures show the telling moment between.
    property real travel: 0.36

    Image {
        height: 90 * root.dot
        source: "../pictures/slot.svg"
        sourceSize: Qt.size(width, height)
        width: 180 * root.dot
        x: 30 * root.dot
        y: 16 * root.dot
    }
    Item {
        // Below the slot: what is in it cannot be seen.
        clip: true
        height: parent.height - y
        width: parent.width
        y: 59 * root.dot

        Image {
            height: 165 * root.dot
            source: "../pictures/receipt.svg"
            sourceSize: Qt.size(width, height)
            width: 120 * root.dot
            x: 60 * root.dot
            y: (12 - 50 * root.travel) * root.dot
        }
    }
    Image {
        height: 48 * root.dot
        rotation: 180
        source: "../pictures/arrow.svg"
        sourceSize: Qt.size(36 * root.dot, 48 * root.dot)
        width: 36 * root.dot
        x: 10 * root.dot
        y: 130 * root.dot
    }

    SequentialAnimation on travel {
        loops: Animation.Infinite
        running: !Theme.still && root.visible

        NumberAnimation {
            duration: 1500
            easing.type: Easing.InOutCubic
            from: 1
            to: 0
        }
        PauseAnimation {
            duration: 1400
        }
    }
}
