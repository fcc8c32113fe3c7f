// All fields of a form: those that must be looked at come first, with their picture; each can be touched.
import QtQuick
import QtQuick.Layouts

ColumnLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait
    readonly property int half: firstHalf(page.fields.map(field => field.name === "address" ? 3 : 1))

    // How many rows of these heights, in rows of one line, fill no more than half of all.
    function firstHalf(heights: var): int {
        const all = heights.reduce((sum, height) => sum + height, 0);
        let count = 0;
        for (let sum = heights[0]; sum <= all / 2 && count < heights.length; sum += heights[count])
            count += 1;
        return count;
    }

    spacing: portrait ? Theme.gap3 : Theme.gap2

    Label {
        Layout.fillWidth: true
        Layout.topMargin: root.portrait ? Theme.gap1 : 0
        objectName: "title"
        size: root.portrait ? Theme.textTitle : Theme.textLead
        strong: true
        text: root.page.title
        visible: root.portrait
    }
    Banner {
        Layout.fillWidth: true
        objectName: "body"
        text: root.page.body
        tone: root.page.asked > 0 ? "attention" : "neutral"
    }
    RowLayout {
        Layout.fillHeight: true
        Layout.fillWidth: true
        spacing: Theme.gap4
        uniformCellSizes: true

        Repeater {
            model: root.portrait ? [root.page.fields] : [root.page.fields.slice(0, root.half), root.page.fields.slice(root.half)]

            ColumnLayout {
                id: column

                required property var modelData

                Layout.alignment: Qt.AlignTop
                Layout.fillHeight: true
                Layout.fillWidth: true
                spacing: Theme.gap2

                Repeater {
                    model: column.modelData

                    FormRow {
                        required property var modelData

                        Layout.fillHeight: true
                        Layout.fillWidth: true
                        Layout.minimumHeight: implicitHeight
                        Layout.maximumHeight: (root.portrait ? 1.5 : 1.2) * implicitHeight
                        crops: root.page.crops
                        pictured: modelData.pictured && root.page.asked <= 5 // with more there is no room; each has it on its own page
                        field: modelData
                        labelWidth: (root.model.language === "zh" ? 4.3 : 5.7) * Theme.textSmall
                        onActivated: root.model.open_field(modelData.name)
                    }
                }
                Item {
                    Layout.fillHeight: true
                }
            }
        }
    }
}
