// A transit card: tapping it lays it on the reader or takes it off.
import QtQuick

Item {
    id: root

    required property var card
    required property color colour
    readonly property bool here: card.on_reader

    signal tapped

    implicitHeight: 92

    Accessible.name: card.title + (here ? ", on the reader" : "")
    Accessible.onPressAction: root.tapped()
    Accessible.role: Accessible.Button

    Rectangle {
        anchors.fill: parent
        anchors.margins: -4
        border.color: Look.glow
        border.width: 2
        color: "transparent"
        radius: 18
        visible: root.here
    }
    Rectangle {
        anchors.fill: parent
        border.color: Qt.lighter(root.colour, 1.35)
        border.width: 1
        color: area.pressed ? Qt.darker(root.colour, 1.15) : root.colour
        radius: 14
    }
    Words {
        anchors.left: parent.left
        anchors.leftMargin: 18
        anchors.right: balance.left
        anchors.rightMargin: 12
        anchors.top: parent.top
        anchors.topMargin: 13
        size: 15
        strong: true
        text: root.card.title
    }
    Words {
        id: balance

        anchors.right: parent.right
        anchors.rightMargin: 18
        anchors.top: parent.top
        anchors.topMargin: 9
        size: 20
        strong: true
        text: root.card.balance
    }
    Words {
        anchors.baseline: pill.verticalCenter
        anchors.baselineOffset: 5
        anchors.left: parent.left
        anchors.leftMargin: 18
        anchors.right: pill.left
        anchors.rightMargin: 8
        color: Look.ink
        font.features: ({
                "tnum": 1
            })
        opacity: 0.85
        size: 13
        text: root.card.number
    }
    Rectangle {
        id: pill

        anchors.bottom: parent.bottom
        anchors.bottomMargin: 13
        anchors.right: parent.right
        anchors.rightMargin: 14
        color: root.here ? Look.glow : "#33FFFFFF"
        height: 26
        radius: 13
        width: doing.implicitWidth + 24

        Words {
            id: doing

            anchors.centerIn: parent
            color: root.here ? Look.canvas : Look.ink
            size: 12
            strong: true
            text: root.here ? "Take off 取走" : "Lay on 放上"
        }
    }
    MouseArea {
        id: area

        anchors.fill: parent
        onClicked: root.tapped()
    }
}
