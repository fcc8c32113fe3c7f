// The home page: one service stands large, several share the room evenly.
import QtQuick
import QtQuick.Layouts

ColumnLayout {
    id: root

    required property QtObject model
    required property var page
    required property bool portrait
    readonly property int count: page.items.length
    readonly property int columns: count <= 3 ? 1 : portrait || count === 4 ? 2 : count <= 6 ? 3 : 4

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
        objectName: "notice"
        text: root.page.notice
        visible: text !== ""
    }
    Repeater {
        model: root.count === 1 ? root.page.items : []

        HeroTile {
            Layout.fillHeight: true
            Layout.fillWidth: true
            invitation: root.model.words.start
            name: "service_" + modelData.serviceId
            portrait: root.portrait
            words: root.model.words
            onActivated: root.model.choose_service(modelData.serviceId)
        }
    }
    GridLayout {
        Layout.fillHeight: true
        Layout.fillWidth: true
        columnSpacing: Theme.gap3
        columns: root.columns
        rowSpacing: Theme.gap3
        uniformCellHeights: true
        uniformCellWidths: true
        visible: root.count !== 1

        Repeater {
            model: root.count === 1 ? [] : root.page.items

            Tile {
                Layout.fillHeight: true
                Layout.fillWidth: true
                large: root.count <= 4
                lying: root.columns === 1 || root.count > 4 && root.portrait || root.columns < 4 && root.count > 3 && !root.portrait
                onActivated: root.model.choose_service(modelData.serviceId)
            }
        }
    }
    QueueStrip {
        Layout.fillWidth: true
        objectName: "queue"
        portrait: root.portrait
        queue: root.model.queue
        short: !root.portrait && root.count > 4
        visible: root.model.queue.online && !(root.page.notice !== "" && root.count > 4) // no room for both
        words: root.model.words
    }
}
