// The machine works: what it does now, what it has done, and what not to do meanwhile.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property var page
    required property bool portrait
    readonly property bool pictured: page.picture !== ""
    readonly property bool stepped: page.steps.length > 0

    columnSpacing: Theme.gap5
    columns: portrait || !pictured ? 1 : 2
    rowSpacing: Theme.gap4
    uniformCellWidths: pictured

    ColumnLayout {
        Layout.alignment: root.portrait && root.pictured ? Qt.AlignTop : Qt.AlignVCenter
        Layout.fillWidth: true
        Layout.topMargin: root.portrait ? Theme.gap3 : 0
        spacing: root.portrait ? Theme.gap4 : Theme.gap3

        Spinner {
            Layout.alignment: root.pictured ? Qt.AlignLeft : Qt.AlignHCenter
            Layout.bottomMargin: Theme.gap3
            implicitHeight: 34 * Theme.unit
            implicitWidth: 34 * Theme.unit
            visible: !root.stepped && !(root.portrait && root.pictured)
        }
        RowLayout {
            Layout.fillWidth: true
            spacing: Theme.gap3

            Label {
                Layout.fillWidth: true
                horizontalAlignment: root.pictured || root.stepped ? Text.AlignLeft : Text.AlignHCenter
                objectName: "title"
                size: Theme.textTitle
                strong: true
                text: root.page.title
            }
            Spinner {
                implicitHeight: 1.2 * Theme.textTitle
                implicitWidth: 1.2 * Theme.textTitle
                visible: !root.stepped && root.portrait && root.pictured
            }
        }
        Banner {
            Layout.fillWidth: true
            objectName: "body"
            size: Theme.textLead
            text: root.page.body
            visible: root.pictured
        }
        Label {
            Layout.fillWidth: true
            color: Theme.inkSoft
            horizontalAlignment: root.stepped ? Text.AlignLeft : Text.AlignHCenter
            objectName: "body"
            size: Theme.textLead
            text: root.page.body
            visible: !root.pictured
        }
        Column {
            Layout.fillWidth: true
            Layout.topMargin: Theme.gap2
            visible: root.stepped

            Repeater {
                id: list

                model: root.page.steps

                Item {
                    id: line

                    required property int index
                    required property var modelData
                    readonly property bool current: modelData.state === "current"
                    readonly property bool done: modelData.state === "done"

                    Accessible.name: modelData.text + ", " + modelData.stateText
                    Accessible.role: Accessible.ListItem
                    height: Math.max(dot.height, words.height) + (index < list.count - 1 ? (root.portrait ? Theme.gap4 : Theme.gap2) : 0)
                    width: parent.width

                    Rectangle {
                        color: line.done ? Theme.success : Theme.line
                        height: line.height - dot.height
                        visible: line.index < list.count - 1
                        width: Theme.stroke * 1.6
                        x: (dot.width - width) / 2
                        y: dot.height
                    }
                    Rectangle {
                        id: dot

                        border.color: line.done ? Theme.success : line.current ? "transparent" : Theme.edge
                        border.width: Theme.stroke
                        color: line.done ? Theme.success : "transparent"
                        height: 14 * Theme.unit
                        radius: height / 2
                        width: height

                        Icon {
                            anchors.centerIn: parent
                            color: Theme.onAccent
                            name: "check"
                            size: parent.height * 0.66
                            visible: line.done
                        }
                        Spinner {
                            anchors.fill: parent
                            visible: line.current
                        }
                    }
                    Label {
                        id: words

                        anchors.left: dot.right
                        anchors.leftMargin: Theme.gap3
                        anchors.right: parent.right
                        anchors.verticalCenter: dot.verticalCenter
                        color: line.current ? Theme.ink : Theme.inkSoft
                        size: line.current ? Theme.textLead : Theme.textBody
                        strong: line.current
                        text: line.modelData.text
                    }
                }
            }
        }
    }
    PicturePanel {
        Layout.fillHeight: true
        Layout.fillWidth: true
        objectName: "picture"
        pictures: [root.page.picture]
        visible: root.pictured
    }
}
