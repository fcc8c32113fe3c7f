// The sides of a document, one after the other: done, under way, to come.
import QtQuick

Row {
    id: root

    required property var steps

    spacing: Theme.gap3

    Repeater {
        model: root.steps

        Row {
            id: step

            required property int index
            required property var modelData
            readonly property bool current: modelData.state === "current"
            readonly property bool done: modelData.state === "done"

            Accessible.name: modelData.text + ", " + modelData.stateText
            Accessible.role: Accessible.StaticText
            spacing: Theme.gap2

            Rectangle {
                anchors.verticalCenter: parent.verticalCenter
                color: step.done ? Theme.success : step.current ? Theme.accent : Theme.surface
                border.color: step.done || step.current ? "transparent" : Theme.edge
                border.width: Theme.stroke
                height: 1.9 * Theme.textSmall
                radius: height / 2
                width: height

                Label {
                    anchors.centerIn: parent
                    color: step.current ? Theme.onAccent : Theme.inkSoft
                    size: Theme.textSmall
                    strong: true
                    text: step.index + 1
                    visible: !step.done
                }
                Icon {
                    anchors.centerIn: parent
                    color: Theme.onAccent
                    name: "check"
                    size: 0.66 * parent.height
                    visible: step.done
                }
            }
            Label {
                anchors.verticalCenter: parent.verticalCenter
                color: step.current ? Theme.ink : Theme.inkSoft
                size: Theme.textSmall
                strong: step.current
                text: step.modelData.text
                wrapMode: Text.NoWrap
            }
        }
    }
}
