// The drawing that shows what to do with one's hands; drawn on a board of 240 x 240, scaled to the item.
import QtQuick

Item {
    id: root

    required property string name
    readonly property real dot: Math.min(width, height) / 240
    readonly property real side: 240 * dot
    readonly property bool isWhole: name === "staff" || name === "enter_pin" || name === "pay_by_phone" || name === "id_card_front" || name === "id_card_back"
    readonly property bool showsSlot: name === "insert_bank_card" || name === "keep_bank_card" || name === "take_bank_card"
    readonly property bool showsReceipt: name === "take_receipt"
    readonly property bool showsReader: !isWhole && !showsSlot && !showsReceipt
    readonly property bool showsIdCard: name === "place_id_card" || name === "take_id_card"
    readonly property bool putsDown: name === "place_card" || name === "place_id_card" || name === "return_card"
    readonly property bool takesUp: name === "take_card" || name === "take_id_card"

    // 0: the card is away from the reader, 1: it lies on it. Still pictures show the telling moment between.
    property real travel: name === "keep_card" ? 1 : putsDown ? 0.42 : 0.36
    property real glow: 0.5

    Accessible.ignored: true

    Item {
        id: board

        anchors.centerIn: parent
        anchors.verticalCenterOffset: (root.name === "keep_card" ? -34 : root.name === "keep_bank_card" ? 30 : 0) * root.dot
        height: root.side
        width: root.side

        Image {
            anchors.fill: parent
            source: root.isWhole ? "../pictures/" + root.name + ".svg" : ""
            sourceSize: Qt.size(width, height)
            visible: root.isWhole
        }
        SlotPicture {
            anchors.fill: parent
            name: root.name
            visible: root.showsSlot
        }
        ReceiptPicture {
            anchors.fill: parent
            visible: root.showsReceipt
        }
        Item {
            anchors.fill: parent
            visible: root.showsReader

            Image {
                height: root.side
                source: "../pictures/reader.svg"
                sourceSize: Qt.size(width, height)
                width: root.side
            }
            Rectangle {
                border.color: Theme.success
                border.width: 3 * root.dot
                color: "transparent"
                height: 94 * root.dot
                opacity: root.travel > 0.9 ? root.glow : 0
                radius: 14 * root.dot
                width: 176 * root.dot
                x: 32 * root.dot
                y: 108 * root.dot
            }
            Image {
                height: 86 * root.dot
                rotation: -9 * (1 - root.travel)
                smooth: true
                antialiasing: true
                source: root.showsIdCard ? "../pictures/id_card.svg" : "../pictures/card.svg"
                sourceSize: Qt.size(136 * root.dot, 86 * root.dot)
                width: 136 * root.dot
                x: (52 + 10 * (1 - root.travel)) * root.dot
                y: (112 - 100 * (1 - root.travel)) * root.dot
            }
            Image {
                height: 48 * root.dot
                rotation: root.putsDown ? 180 : 0
                source: "../pictures/arrow.svg"
                sourceSize: Qt.size(36 * root.dot, 48 * root.dot)
                visible: root.putsDown || root.takesUp
                width: 36 * root.dot
                x: 6 * root.dot
                y: 34 * root.dot
            }
            Image {
                height: 50 * root.dot
                source: "../pictures/hold.svg"
                sourceSize: Qt.size(50 * root.dot, 50 * root.dot)
                visible: root.name === "keep_card"
                width: 50 * root.dot
                x: 168 * root.dot
                y: 84 * root.dot
            }
        }
    }

    SequentialAnimation on travel {
        loops: Animation.Infinite
        running: !Theme.still && root.visible && root.putsDown

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
            duration: 500
            easing.type: Easing.InOutQuad
            to: 0
        }
        PauseAnimation {
            duration: 300
        }
    }
    SequentialAnimation on travel {
        loops: Animation.Infinite
        running: !Theme.still && root.visible && root.takesUp

        NumberAnimation {
            duration: 1500
            easing.type: Easing.InOutCubic
            from: 1
            to: 0
        }
        PauseAnimation {
            duration: 900
        }
        NumberAnimation {
            duration: 300
            to: 1
        }
        PauseAnimation {
            duration: 500
        }
    }
    SequentialAnimation on glow {
        loops: Animation.Infinite
        running: !Theme.still && root.visible && root.showsReader

        NumberAnimation {
            duration: 900
            easing.type: Easing.InOutSine
            from: 0.15
            to: 1
        }
        NumberAnimation {
            duration: 900
            easing.type: Easing.InOutSine
            to: 0.15
        }
    }
}
