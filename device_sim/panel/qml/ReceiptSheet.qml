// The receipt in the hand: the printed paper, to scroll and to put away.
import QtQuick

Rectangle {
    id: root

    property int number: 0

    signal putAway

    function take() {
        number += 1;
        paper.contentY = 0;
    }

    color: Look.table

    MouseArea {
        anchors.fill: parent // what lies below takes no touch
    }
    Column {
        id: title

        x: 22
        y: 14

        Words {
            color: Look.tableInk
            size: 17
            strong: true
            text: "Your receipt"
        }
        Words {
            color: Look.tableInkSoft
            size: 12
            text: "您的凭条"
        }
    }
    Rectangle {
        anchors.right: parent.right
        anchors.rightMargin: 16
        anchors.verticalCenter: title.verticalCenter
        color: area.pressed ? "#000000" : Look.tableInk
        height: 36
        radius: 18
        width: away.implicitWidth + 32

        Accessible.name: away.text
        Accessible.onPressAction: root.putAway()
        Accessible.role: Accessible.Button

        Words {
            id: away

            anchors.centerIn: parent
            color: Look.table
            size: 13
            strong: true
            text: "Put away 收好"
        }
        MouseArea {
            id: area

            anchors.fill: parent
            objectName: "put_away"
            onClicked: root.putAway()
        }
    }
    Flickable {
        id: paper

        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.top: title.bottom
        anchors.topMargin: 10
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        contentHeight: picture.implicitHeight
        contentWidth: width

        Image {
            id: picture

            cache: false
            source: root.number > 0 ? "image://receipt/" + root.number : ""
            sourceSize.width: root.width
        }
    }
    ScrollMark {
        flickable: paper
        light: false
    }
}
