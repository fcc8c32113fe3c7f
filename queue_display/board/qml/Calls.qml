// The calls before the newest one, as many as there is room for.
import QtQuick

Item {
    id: root

    required property QtObject model
    readonly property real between: Theme.gap / 2
    readonly property int fits: Math.max(1, Math.floor((height - heading.height) / (1.08 * Theme.textCall + between)))
    readonly property real rowHeight: (height - heading.height) / fits - between

    Item {
        id: heading

        anchors.left: parent.left
        anchors.leftMargin: Theme.margin
        anchors.right: parent.right
        anchors.rightMargin: Theme.margin
        height: 1.1 * Theme.textSmall

        Label {
            color: Theme.accentSoft
            size: Theme.textSmall
            text: root.model.words.number_zh + " " + root.model.words.number_en
        }
        Label {
            anchors.right: parent.right
            color: Theme.accentSoft
            size: Theme.textSmall
            text: root.model.words.window_zh + " " + root.model.words.window_en
        }
    }
    Column {
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.top: heading.bottom
        anchors.topMargin: root.between
        spacing: root.between

        Repeater {
            model: root.model.rows

            CallRow {
                required property int index
                required property var modelData

                call: modelData
                height: root.rowHeight
                objectName: "row_" + index
                visible: call.there && index < root.fits
                width: root.width
            }
        }
    }
}
