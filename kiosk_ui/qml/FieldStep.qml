// One field: its picture on the card, what was read, and what can be done about it.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait
    readonly property QtObject typed: model.typed
    readonly property bool types: typed.groups.length > 0
    readonly property bool chooses: page.entry === "choice"
    readonly property bool dated: page.entry === "date" || page.entry === "last_day"
    readonly property real columnWidth: portrait ? width : (width - columnSpacing) / 2
    readonly property real cellWidth: (columnWidth - 7 * Theme.gap2) / 8 // the longest group has eight

    columnSpacing: Theme.gap5
    columns: portrait ? 1 : 2
    rowSpacing: Theme.gap3
    uniformCellWidths: true

    ColumnLayout {
        Layout.alignment: Qt.AlignTop
        Layout.fillHeight: !root.portrait
        Layout.fillWidth: true
        spacing: root.portrait ? Theme.gap3 : Theme.gap2

        Label {
            Layout.fillWidth: true
            Layout.topMargin: root.portrait ? Theme.gap1 : 0
            objectName: "title"
            size: root.portrait || !root.types ? Theme.textTitle : Theme.textLead
            strong: true
            text: root.page.title
        }
        Rectangle {
            Layout.fillWidth: true
            border.color: Theme.line
            border.width: Theme.stroke
            color: Theme.surface
            implicitHeight: (root.portrait ? 0.22 : root.typed.problem !== "" ? 0.12 : 0.17) * width
            objectName: "crop"
            radius: Theme.radius
            visible: root.page.pictured

            Image {
                anchors.fill: parent
                anchors.margins: Theme.gap2
                cache: false
                fillMode: Image.PreserveAspectFit
                smooth: true
                source: root.page.pictured ? root.page.crops + root.page.name : ""
            }
        }
        Label {
            Layout.fillWidth: true
            color: root.page.value === "" ? Theme.inkSoft : Theme.accent
            horizontalAlignment: root.page.pictured ? Text.AlignHCenter : Text.AlignLeft
            objectName: "value"
            size: Theme.textTitle
            strong: root.page.value !== ""
            text: root.page.value || root.page.empty
            visible: !root.types && !root.chooses
            wrapMode: Text.WrapAnywhere
        }
        Banner {
            Layout.fillWidth: true
            objectName: "problem"
            size: Theme.textBody
            text: root.typed.problem
            visible: text !== ""
        }
        GridLayout {
            id: groups

            Layout.fillHeight: !root.portrait
            Layout.fillWidth: true
            columnSpacing: Theme.gap2
            columns: root.portrait || !root.dated ? 1 : 2 // month and day share a line
            rowSpacing: parent.spacing
            visible: root.types

            Repeater {
                model: root.typed.groups

                RowLayout {
                    id: group

                    required property int index
                    required property var modelData

                    Layout.columnSpan: index === 0 ? groups.columns : 1
                    Layout.fillHeight: !root.portrait
                    Layout.fillWidth: true
                    Layout.maximumHeight: Theme.button
                    spacing: Theme.gap2

                    Repeater {
                        model: group.modelData

                        Touchable {
                            id: cell

                            required property var modelData

                            Layout.fillHeight: true
                            Layout.preferredWidth: root.cellWidth
                            border.color: modelData.marked ? Theme.accent : Theme.edge
                            border.width: (modelData.marked ? 3 : 1) * Theme.stroke
                            implicitHeight: root.portrait ? Theme.button : Math.max(Theme.target, 1.5 * Theme.textLead)
                            label: (modelData.place + 1) + ": " + modelData.text
                            objectName: "cell_" + modelData.place
                            restColor: modelData.marked ? Theme.accentSoft : Theme.surface
                            onActivated: root.typed.select(modelData.place)

                            Label {
                                anchors.centerIn: parent
                                lineHeight: 1
                                size: Math.min(Theme.textTitle, cell.height / 1.5)
                                strong: true
                                text: cell.modelData.text
                                wrapMode: Text.NoWrap
                            }
                        }
                    }
                    Label {
                        Layout.rightMargin: Theme.gap3
                        color: Theme.inkSoft
                        size: Theme.textLead
                        text: !root.dated ? "" : [root.model.words.field_year, root.model.words.field_month, root.model.words.field_day][group.index]
                        visible: text !== ""
                        wrapMode: Text.NoWrap
                    }
                    Item {
                        Layout.fillWidth: true
                        visible: group.modelData.length < 8
                    }
                }
            }
        }
        ActionButton {
            Layout.fillWidth: true
            label: root.model.words.field_no_end
            objectName: "no_end"
            primary: root.typed.endless
            visible: root.page.entry === "last_day"
            onActivated: root.typed.no_end()
        }
        Item {
            Layout.fillHeight: true
            visible: !root.portrait
        }
    }
    ColumnLayout {
        Layout.alignment: Qt.AlignTop
        Layout.fillWidth: true
        spacing: Theme.gap3
        visible: !root.types && !root.chooses

        Label {
            Layout.fillWidth: true
            Layout.topMargin: root.portrait ? Theme.gap4 : 0
            color: Theme.inkSoft
            size: Theme.textBody
            text: root.model.words.field_otherwise
        }
        ActionButton {
            Layout.fillWidth: true
            icon: "scan_lay_down"
            label: root.model.words.field_again
            objectName: "again"
            onActivated: root.model.read_again()
        }
        ActionButton {
            Layout.fillWidth: true
            icon: "staff"
            label: root.page.counter
            objectName: "counter"
            visible: root.page.counter !== ""
            onActivated: root.model.leave_to_counter()
        }
        Label {
            Layout.fillWidth: true
            color: Theme.inkSoft
            size: Theme.textSmall
            text: root.model.words.field_no_typing
        }
    }
    Item {
        Layout.fillHeight: true
        visible: root.portrait && !root.types && !root.chooses
    }
    FieldKeys {
        Layout.fillHeight: true
        Layout.fillWidth: true
        model: root.model
        takesX: root.page.entry === "number"
        visible: root.types
    }
    FieldChoices {
        Layout.columnSpan: root.portrait ? 1 : root.page.pictured ? 1 : 2
        Layout.fillHeight: true
        Layout.fillWidth: true
        model: root.model
        visible: root.chooses
    }
}
