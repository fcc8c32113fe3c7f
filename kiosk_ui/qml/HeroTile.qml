// One of a few things to choose from: large, with its picture and a plain invitation.
import QtQuick

Touchable {
    id: root

    required property var modelData
    required property var words
    required property bool portrait
    required property string name
    required property string invitation

    available: modelData.available
    border.color: Theme.line
    border.width: Theme.stroke
    label: modelData.title
    objectName: name
    pressedColor: Theme.accentSoft
    radius: Theme.radiusLarge
    restColor: Theme.surface

    Accessible.description: available ? modelData.subtitle : modelData.reason

    Rectangle {
        id: stage

        bottomLeftRadius: root.portrait ? 0 : root.radius
        bottomRightRadius: 0
        color: root.available ? Theme.accentSoft : Theme.sunken
        height: root.portrait ? root.height - words.height - 2 * Theme.gap5 : root.height
        radius: root.radius
        topRightRadius: root.portrait ? root.radius : 0
        width: root.portrait ? root.width : root.width * 0.5

        Picture {
            anchors.fill: parent
            anchors.margins: Theme.gap4
            name: root.modelData.picture
            visible: name !== "" && root.available
        }
        Icon {
            anchors.centerIn: parent
            color: root.available ? Theme.accent : Theme.edge
            name: root.modelData.icon
            size: Math.min(stage.width, stage.height) * 0.5
            visible: root.modelData.picture === "" || !root.available
        }
    }
    Column {
        id: words

        spacing: Theme.gap3
        width: root.width - x - Theme.gap5
        x: root.portrait ? Theme.gap5 : stage.width + Theme.gap5
        y: root.portrait ? stage.height + Theme.gap5 : (root.height - height) / 2

        Label {
            color: root.available ? Theme.ink : Theme.inkSoft
            size: 1.2 * Theme.textTitle
            strong: true
            text: root.modelData.title
            width: parent.width
        }
        Label {
            color: Theme.inkSoft
            size: Theme.textLead
            text: root.modelData.subtitle
            width: parent.width
        }
        Item {
            height: 1
            width: 1
        }
        Banner {
            height: implicitHeight
            text: root.words.unavailable_label + "\n" + root.modelData.reason
            visible: !root.available
            width: parent.width
        }
        Rectangle {
            color: root.pressed ? Theme.accentPressed : Theme.accent
            height: 1.15 * Theme.button
            radius: Theme.radius
            visible: root.available
            width: root.portrait ? parent.width : Math.min(parent.width, go.width + 4 * Theme.gap5)

            Row {
                id: go

                anchors.centerIn: parent
                spacing: Theme.gap2

                Label {
                    anchors.verticalCenter: parent.verticalCenter
                    color: Theme.onAccent
                    size: Theme.textLead
                    strong: true
                    text: root.invitation
                    wrapMode: Text.NoWrap
                }
                Icon {
                    anchors.verticalCenter: parent.verticalCenter
                    color: Theme.onAccent
                    name: "arrow"
                    size: Theme.textLead * 1.2
                }
            }
        }
    }
}
