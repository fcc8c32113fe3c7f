// The receipt printer: paper comes out of its slot as it is printed, and stays until it is torn off.
import QtQuick

Item {
    id: root

    required property var device
    required property int number
    required property bool cut
    property bool highlighted: false
    readonly property real paperWidth: width - 36

    signal tapped

    Accessible.name: device ? device.english : ""
    Accessible.onPressAction: root.tapped()
    Accessible.role: Accessible.Button

    Rectangle {
        anchors.fill: parent
        border.color: root.highlighted ? "#0E9F78" : Look.metalDark
        border.width: root.highlighted ? 3 : 1
        color: "#F0F3F5"
        radius: 10
    }
    // the paper rises out of the slot; what is too long for the front curls over its edge
    Item {
        anchors.bottom: mouth.verticalCenter
        anchors.left: parent.left
        anchors.leftMargin: 6
        anchors.right: parent.right
        anchors.rightMargin: 6
        anchors.top: parent.top
        anchors.topMargin: 6
        clip: true

        Image {
            id: paper

            anchors.horizontalCenter: parent.horizontalCenter
            cache: false
            objectName: "paper_in_slot"
            source: root.number > 0 ? "image://paper/slot/" + root.number : ""
            sourceSize.width: root.paperWidth
            visible: root.number > 0
            y: root.cut ? Math.max(4, parent.height - height - 8) : parent.height - height
        }
        Rectangle {
            color: "#30000000"
            height: Math.min(paper.height, parent.height)
            visible: paper.visible
            width: 2
            x: paper.x + paper.width
            y: Math.max(0, paper.y)
        }
    }
    Rectangle {
        id: mouth

        anchors.bottom: label.top
        anchors.bottomMargin: 6
        anchors.horizontalCenter: parent.horizontalCenter
        color: Look.part
        height: 16
        radius: 5
        width: parent.width - 16

        Rectangle {
            anchors.centerIn: parent
            color: "#05090B"
            height: 5
            radius: 2.5
            width: parent.width - 14
        }
    }
    Column {
        id: label

        anchors.bottom: parent.bottom
        anchors.bottomMargin: 5
        anchors.horizontalCenter: parent.horizontalCenter

        Words {
            anchors.horizontalCenter: parent.horizontalCenter
            color: Look.metalInk
            size: 11
            strong: true
            text: root.device?.english ?? ""
        }
        Words {
            anchors.horizontalCenter: parent.horizontalCenter
            color: Look.metalInkSoft
            size: 10
            text: root.device?.chinese ?? ""
        }
    }
    Trouble {
        anchors.right: parent.right
        anchors.rightMargin: -5
        anchors.top: parent.top
        anchors.topMargin: -5
        count: root.device?.troubles ?? 0
    }
    MouseArea {
        anchors.fill: parent
        onClicked: root.tapped()
    }
}
