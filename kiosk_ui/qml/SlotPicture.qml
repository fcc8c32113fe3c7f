// A bank card goes into its slot, stays in it, or comes out; drawn on the board of Picture, 240 x 240.
import QtQuick

Item {
    id: root

    required property string name
    readonly property real dot: width / 240
    readonly property bool goesIn: name === "insert_bank_card"
    readonly property bool comesOut: name === "take_bank_card"

    // 0: the card is away from the slot, 1: it is in. Still pictures show the telling moment between.
    property real travel: goesIn ? 0.3 : comesOut ? 0.24 : 1

    Item {
        // Below the slot: what is in it cannot be seen.
        clip: true
        height: parent.height - y
        width: parent.width
        y: 77 * root.dot

        Image {
            height: 150 * root.dot
            source: "../pictures/bank_card.svg"
            sourceSize: Qt.size(width, height)
            width: 96 * root.dot
            x: 72 * root.dot
            y: (14 - 142 * root.travel) * root.dot
        }
    }
    Image {
        height: 110 * root.dot
        source: "../pictures/card_slot.svg"
        sourceSize: Qt.size(width, height)
        width: parent.width
        z: -1
    }
    Image {
        height: 48 * root.dot
        rotation: root.comesOut ? 180 : 0
        source: "../pictures/arrow.svg"
        sourceSize: Qt.size(36 * root.dot, 48 * root.dot)
        visible: root.goesIn || root.comesOut
        width: 36 * root.dot
        x: 20 * root.dot
        y: 140 * root.dot
    }
    Image {
        height: 50 * root.dot
        source: "../pictures/hold.svg"
        sourceSize: Qt.size(width, height)
        visible: root.name === "keep_bank_card"
        width: 50 * root.dot
        x: 95 * root.dot
        y: 122 * root.dot
    }

    SequentialAnimation on travel {
        loops: Animation.Infinite
        running: !Theme.still && root.visible && root.goesIn

        NumberAnimation {
            duration: 1500
            easing.type: Easing.InOutCubic
            from: 0
            to: 1
        }
        PauseAnimation {
            duration: 1100
        }
        NumberAnimation {
            duration: 1
            to: 0
        }
        PauseAnimation {
            duration: 500
        }
    }
    SequentialAnimation on travel {
        loops: Animation.Infinite
        running: !Theme.still && root.visible && root.comesOut

        NumberAnimation {
            duration: 1500
            easing.type: Easing.InOutCubic
            from: 1
            to: 0.1
        }
        PauseAnimation {
            duration: 1400
        }
    }
}
