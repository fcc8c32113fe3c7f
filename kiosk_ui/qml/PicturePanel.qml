// The white panel that pictures stand on, side by side.
import QtQuick

Rectangle {
    id: root

    required property var pictures
    property real room: Theme.gap4
    readonly property int count: pictures.length

    border.color: Theme.line
    border.width: Theme.stroke
    color: Theme.surface
    radius: Theme.radiusLarge

    Item {
        id: board

        // As many columns as make the pictures largest; a last row that is not full stands in the middle.
        readonly property int columns: {
            const side = columns => Math.min(width / columns, height / Math.ceil(root.count / columns));
            return [2, 3, 4].reduce((best, columns) => side(columns) > side(best) ? columns : best, 1);
        }
        readonly property int rows: Math.ceil(root.count / columns)

        anchors.fill: parent
        anchors.margins: root.room

        Repeater {
            model: root.pictures

            Picture {
                required property int index
                required property string modelData
                readonly property int row: Math.floor(index / board.columns)
                readonly property int inRow: Math.min(board.columns, root.count - row * board.columns)

                height: board.height / board.rows
                name: modelData
                width: board.width / board.columns
                x: board.width / 2 + (index % board.columns - inRow / 2) * width
                y: row * height
            }
        }
    }
}
