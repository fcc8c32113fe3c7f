// A card: tapping it moves it to a device, or back into the hand.
import QtQuick

Item {
    id: root

    required property var card
    required property color colour
    readonly property bool here: card.place !== ""
    readonly property var places: ({
            "top_up_module": "on the reader 在读卡器上",
            "card_reader": "in the reader 在读卡器内",
            "bin": "in the bin 在回收箱"
        })

    signal tapped

    implicitHeight: 62

    Accessible.name: card.title + (here ? ", " + places[card.place] : "")
    Accessible.onPressAction: root.tapped()
    Accessible.role: Accessible.Button

    Rectangle {
        anchors.fill: parent
        border.color: root.here ? Look.glow : Qt.lighter(root.colour, 1.35)
        border.width: root.here ? 2.5 : 1
        color: area.pressed ? Qt.darker(root.colour, 1.15) : root.colour
        radius: 10
    }
    Words {
        id: title

        anchors.left: parent.left
        anchors.leftMargin: 12
        anchors.right: parent.right
        anchors.rightMargin: 12
        anchors.top: parent.top
        anchors.topMargin: 4
        size: 13
        strong: true
        text: root.card.title
    }
    Words {
        anchors.left: title.left
        anchors.right: title.right
        anchors.top: title.bottom
        lineHeight: 0.95
        maximumLineCount: root.card.number === "" && !root.here ? 2 : 1
        size: 12
        text: root.card.balance
        wrapMode: Text.Wrap
    }
    Words {
        anchors.bottom: parent.bottom
        anchors.bottomMargin: 4
        anchors.left: title.left
        anchors.right: title.right
        color: root.here ? Look.glow : Look.ink
        font.features: ({
                "tnum": 1
            })
        size: 11
        strong: root.here
        text: root.here ? root.places[root.card.place] : root.card.number
    }
    MouseArea {
        id: area

        anchors.fill: parent
        onClicked: root.tapped()
    }
}
