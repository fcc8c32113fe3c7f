// A few things to choose from, a tile each; what most customers want stands out.
import QtQuick
import QtQuick.Layouts

ColumnLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait
    readonly property int count: page.choices.length
    readonly property int columns: portrait ? (count <= 5 ? 1 : 2) : count <= 3 ? 1 : count === 4 ? 2 : 3

    spacing: portrait ? Theme.gap4 : Theme.gap3

    Label {
        Layout.fillWidth: true
        Layout.topMargin: root.portrait ? Theme.gap2 : 0
        objectName: "title"
        size: Theme.textTitle
        strong: true
        text: root.page.title
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
        columnSpacing: Theme.gap3
        columns: root.columns
        rowSpacing: Theme.gap3
        uniformCellHeights: true
        uniformCellWidths: true

        Repeater {
            model: root.page.choices

            Tile {
                Layout.fillHeight: true
                Layout.fillWidth: true
                bare: !root.portrait && root.count > 6
                large: root.count <= (root.portrait ? 5 : 4)
                leading: modelData.leading
                lying: true
                objectName: "choice_" + modelData.serviceId
                subtitleFrom: 1.3 * (Theme.textLead + Theme.textSmall)
                onActivated: root.model.choose_option(modelData.serviceId)
            }
        }
    }
}
