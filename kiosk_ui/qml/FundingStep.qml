// How to pay: the amount, and a large tile for each way.
import QtQuick
import QtQuick.Layouts

ColumnLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait

    spacing: portrait ? Theme.gap4 : Theme.gap3

    GridLayout {
        Layout.fillWidth: true
        Layout.topMargin: root.portrait ? Theme.gap2 : 0
        columnSpacing: Theme.gap4
        columns: root.portrait ? 1 : 2
        rowSpacing: Theme.gap2

        Label {
            Layout.fillWidth: true
            objectName: "title"
            size: Theme.textTitle
            strong: true
            text: root.page.title
        }
        RowLayout {
            spacing: Theme.gap3

            Label {
                color: Theme.inkSoft
                size: Theme.textLead
                text: root.model.words.payment_label
            }
            Label {
                color: Theme.accent
                lineHeight: 1
                objectName: "amount"
                size: root.portrait ? Theme.textFigure : 0.8 * Theme.textFigure
                strong: true
                text: root.page.amount
            }
        }
    }
    Banner {
        Layout.fillWidth: true
        objectName: "problem"
        text: root.page.problem
        visible: text !== ""
    }
    GridLayout {
        Layout.fillHeight: true
        Layout.fillWidth: true
        columnSpacing: Theme.gap4
        columns: root.portrait ? 1 : Math.max(1, root.page.choices.length)
        rowSpacing: Theme.gap4
        uniformCellHeights: true
        uniformCellWidths: true

        Repeater {
            model: root.page.choices

            HeroTile {
                Layout.fillHeight: true
                Layout.fillWidth: true
                invitation: root.model.words.choose
                name: "funding_" + modelData.funding
                portrait: false
                words: root.model.words
                onActivated: root.model.choose_funding(modelData.funding)
            }
        }
    }
}
