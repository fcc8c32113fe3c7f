// Choose or type an amount.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait

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
            objectName: "title"
            size: Theme.textTitle
            strong: true
            text: root.page.title
        }
        Rectangle {
            Layout.fillWidth: true
            color: Theme.accentSoft
            implicitHeight: Math.max(20 * Theme.unit, cardWords.height + 2 * Theme.gap2)
            radius: Theme.radius

            Icon {
                id: cardSign

                anchors.left: parent.left
                anchors.leftMargin: Theme.gap3
                anchors.verticalCenter: parent.verticalCenter
                color: Theme.accent
                name: "card"
                size: 13 * Theme.unit
            }
            GridLayout {
                id: cardWords

                anchors.left: cardSign.right
                anchors.leftMargin: Theme.gap3
                anchors.right: parent.right
                anchors.rightMargin: Theme.gap3
                anchors.verticalCenter: parent.verticalCenter
                columnSpacing: Theme.gap3
                columns: 2
                rowSpacing: 0

                Label {
                    Layout.fillWidth: true
                    color: Theme.accent
                    size: Theme.textSmall
                    text: root.model.words.card
                }
                Label {
                    color: Theme.accent
                    size: Theme.textSmall
                    text: root.model.words.balance
                    visible: root.page.balance !== ""
                    Layout.alignment: Qt.AlignRight
                }
                Label {
                    Layout.column: 0
                    Layout.fillWidth: true
                    Layout.row: 1
                    color: Theme.accent
                    objectName: "card_number"
                    size: Theme.textBody
                    strong: true
                    text: root.page.cardNumber
                }
                Label {
                    Layout.alignment: Qt.AlignRight
                    color: Theme.accent
                    objectName: "balance"
                    size: Theme.textBody
                    strong: true
                    text: root.page.balance
                }
            }
        }
        Label {
            Layout.fillWidth: true
            color: Theme.inkSoft
            objectName: "notice"
            size: Theme.textSmall
            text: root.page.notice
            visible: text !== ""
        }
        GridLayout {
            Layout.fillHeight: !root.portrait
            Layout.fillWidth: true
            columnSpacing: Theme.gap2
            columns: root.page.presets.length === 4 ? 2 : 3
            rowSpacing: Theme.gap2
            uniformCellWidths: true

            Repeater {
                model: root.page.presets

                Touchable {
                    id: preset

                    required property var modelData
                    readonly property bool chosen: root.model.amount.fen === modelData.fen

                    Layout.fillHeight: true
                    Layout.fillWidth: true
                    Layout.maximumHeight: 36 * Theme.unit
                    available: modelData.available
                    border.color: chosen ? "transparent" : available ? Theme.accent : Theme.line
                    border.width: Theme.stroke
                    implicitHeight: root.portrait ? 1.2 * Theme.button : Theme.target
                    label: modelData.label
                    objectName: "preset_" + modelData.fen
                    pressedColor: chosen ? Theme.accentPressed : Theme.accentSoftPressed
                    restColor: chosen ? Theme.accent : available ? Theme.surface : Theme.sunken
                    onActivated: root.model.amount.preset(modelData.fen)

                    Label {
                        anchors.centerIn: parent
                        color: preset.chosen ? Theme.onAccent : preset.available ? Theme.accent : Theme.inkSoft
                        size: Theme.textLead
                        strong: preset.available
                        text: preset.label
                        wrapMode: Text.NoWrap
                    }
                }
            }
        }
    }
    ColumnLayout {
        Layout.fillHeight: true
        Layout.fillWidth: true
        spacing: Theme.gap2

        Rectangle {
            Layout.fillWidth: true
            border.color: root.model.amount.problem === "" ? Theme.accent : Theme.attention
            border.width: 2 * Theme.stroke
            color: Theme.surface
            implicitHeight: (root.portrait ? 30 : 24) * Theme.unit
            radius: Theme.radius

            Label {
                anchors.left: parent.left
                anchors.leftMargin: Theme.gap3
                anchors.verticalCenter: parent.verticalCenter
                color: Theme.inkSoft
                text: root.model.words.amount_label
                wrapMode: Text.NoWrap
            }
            Label {
                anchors.right: parent.right
                anchors.rightMargin: Theme.gap3
                anchors.verticalCenter: parent.verticalCenter
                color: root.model.amount.typed ? Theme.ink : Theme.inkSoft
                lineHeight: 1
                objectName: "amount"
                size: root.model.amount.typed ? (root.portrait ? Theme.textFigure : 0.8 * Theme.textFigure) : Theme.textBody
                strong: root.model.amount.typed
                text: root.model.amount.typed ? root.model.amount.text : root.model.words.amount_none
                wrapMode: Text.NoWrap
            }
        }
        Item {
            Layout.fillWidth: true
            implicitHeight: Math.max(hint.implicitHeight, problem.visible ? problem.implicitHeight : 0)

            Label {
                id: hint

                anchors.verticalCenter: parent.verticalCenter
                color: Theme.inkSoft
                objectName: "hint"
                size: Theme.textSmall
                text: root.model.amount.hint
                visible: !problem.visible
                width: parent.width
            }
            Banner {
                id: problem

                anchors.verticalCenter: parent.verticalCenter
                height: implicitHeight
                objectName: "problem"
                size: Theme.textSmall
                text: root.model.amount.problem
                visible: text !== ""
                width: parent.width
            }
        }
        GridLayout {
            Layout.fillHeight: true
            Layout.fillWidth: true
            columnSpacing: Theme.gap2
            columns: 3
            rowSpacing: Theme.gap2
            uniformCellHeights: true
            uniformCellWidths: true

            Repeater {
                model: 9

                Key {
                    required property int index

                    Layout.fillHeight: true
                    Layout.fillWidth: true
                    implicitHeight: Theme.target
                    label: index + 1
                    objectName: "key_" + (index + 1)
                    onActivated: root.model.amount.digit(index + 1)
                }
            }
            Key {
                Layout.fillHeight: true
                Layout.fillWidth: true
                implicitHeight: Theme.target
                label: root.model.words.clear
                objectName: "key_clear"
                quiet: true
                onActivated: root.model.amount.clear()
            }
            Key {
                Layout.fillHeight: true
                Layout.fillWidth: true
                implicitHeight: Theme.target
                label: "0"
                objectName: "key_0"
                onActivated: root.model.amount.digit(0)
            }
            Key {
                Layout.fillHeight: true
                Layout.fillWidth: true
                icon: "erase"
                implicitHeight: Theme.target
                label: root.model.words.erase
                objectName: "key_erase"
                quiet: true
                onActivated: root.model.amount.erase()
            }
        }
    }
}
