// Something to read: what is on a card, and lists of what happened, a page of lines at a time.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait
    readonly property QtObject records: model.records
    readonly property bool lists: records.sections.length > 0

    columnSpacing: Theme.gap5
    columns: portrait ? 1 : 2
    rowSpacing: Theme.gap4
    uniformCellWidths: true

    ColumnLayout {
        Layout.alignment: Qt.AlignTop
        Layout.fillWidth: true
        spacing: Theme.gap3

        Label {
            Layout.fillWidth: true
            Layout.topMargin: root.portrait ? Theme.gap2 : 0
            objectName: "title"
            size: Theme.textTitle
            strong: true
            text: root.page.title
        }
        FactsTable {
            Layout.fillWidth: true
            facts: root.page.facts
            objectName: "facts"
            size: Theme.textLead
        }
        Banner {
            Layout.fillWidth: true
            objectName: "notice"
            text: root.page.notice
            visible: text !== ""
        }
    }
    PicturePanel {
        Layout.fillHeight: true
        Layout.fillWidth: true
        objectName: "picture"
        pictures: [root.page.picture]
        visible: !root.lists
    }
    ColumnLayout {
        Layout.fillHeight: true
        Layout.fillWidth: true
        spacing: Theme.gap3
        visible: root.lists

        RowLayout {
            Layout.fillWidth: true
            spacing: Theme.gap3

            Repeater {
                model: root.records.sections

                Touchable {
                    id: tab

                    required property int index
                    required property var modelData

                    Layout.fillWidth: true
                    Layout.preferredWidth: 1 // so that all are as wide
                    border.color: modelData.open ? "transparent" : Theme.edge
                    border.width: modelData.open ? 0 : Theme.stroke
                    implicitHeight: Theme.target
                    label: modelData.title
                    objectName: "section_" + index
                    pressedColor: modelData.open ? Theme.accentPressed : Theme.accentSoftPressed
                    restColor: modelData.open ? Theme.accent : Theme.surface
                    onActivated: root.records.choose(index)

                    Label {
                        anchors.centerIn: parent
                        color: tab.modelData.open ? Theme.onAccent : Theme.accent
                        size: Theme.textBody
                        strong: true
                        text: tab.label
                        wrapMode: Text.NoWrap
                    }
                }
            }
        }
        Rectangle {
            id: sheet

            readonly property real leastRowHeight: 1.35 * (Theme.textBody + Theme.textSmall) + Theme.gap3
            readonly property int room: Math.max(1, Math.floor((height - 2 * Theme.gap1) / leastRowHeight))
            readonly property real rowHeight: (height - 2 * Theme.gap1) / room

            Layout.fillHeight: true
            Layout.fillWidth: true
            border.color: Theme.line
            border.width: Theme.stroke
            color: Theme.surface
            radius: Theme.radius

            Component.onCompleted: root.records.fit(room)
            onRoomChanged: root.records.fit(room)

            Label {
                anchors.centerIn: parent
                color: Theme.inkSoft
                horizontalAlignment: Text.AlignHCenter
                objectName: "empty"
                size: Theme.textBody
                text: root.records.empty
                visible: text !== ""
                width: parent.width - 2 * Theme.gap4
            }
            Column {
                anchors.left: parent.left
                anchors.leftMargin: Theme.gap3
                anchors.right: parent.right
                anchors.rightMargin: Theme.gap3
                y: Theme.gap1

                Repeater {
                    id: lines

                    model: root.records.rows

                    Item {
                        id: line

                        required property int index
                        required property var modelData

                        height: sheet.rowHeight
                        width: parent.width

                        Column {
                            anchors.left: parent.left
                            anchors.right: value.left
                            anchors.rightMargin: Theme.gap2
                            anchors.verticalCenter: parent.verticalCenter

                            Label {
                                size: Theme.textBody
                                strong: true
                                text: line.modelData.label
                                width: parent.width
                                wrapMode: Text.NoWrap
                            }
                            Label {
                                color: Theme.inkSoft
                                size: Theme.textSmall
                                text: line.modelData.detail
                                width: parent.width
                                wrapMode: Text.NoWrap
                            }
                        }
                        Label {
                            id: value

                            anchors.right: parent.right
                            anchors.verticalCenter: parent.verticalCenter
                            size: Theme.textLead
                            strong: true
                            text: line.modelData.value
                            wrapMode: Text.NoWrap
                        }
                        Rectangle {
                            anchors.bottom: parent.bottom
                            color: Theme.line
                            height: Math.max(1, Theme.stroke / 2)
                            visible: line.index < lines.count - 1
                            width: parent.width
                        }
                    }
                }
            }
        }
        RowLayout {
            Layout.fillWidth: true
            opacity: root.records.place !== "" ? 1 : 0 // its room stays, so that the lines do not jump
            spacing: Theme.gap3

            ActionButton {
                available: root.records.has_newer
                label: root.model.words.list_newer
                objectName: "newer"
                size: Theme.textBody
                onActivated: root.records.newer()
            }
            Label {
                Layout.fillWidth: true
                color: Theme.inkSoft
                horizontalAlignment: Text.AlignHCenter
                objectName: "place"
                size: Theme.textSmall
                text: root.records.place
                wrapMode: Text.NoWrap
            }
            ActionButton {
                available: root.records.has_older
                label: root.model.words.list_older
                objectName: "older"
                size: Theme.textBody
                onActivated: root.records.older()
            }
        }
    }
}
