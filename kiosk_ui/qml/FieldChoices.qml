// The choices of a field: few and large, or a page of many.
import QtQuick
import QtQuick.Layouts

ColumnLayout {
    id: root

    required property QtObject model
    readonly property QtObject typed: model.typed
    readonly property bool few: typed.count <= 4

    spacing: Theme.gap3

    Item {
        id: board

        readonly property real least: Theme.target + Theme.gap2
        readonly property int columns: root.few ? 2 : Math.max(1, Math.floor((width + Theme.gap2) / (4.9 * Theme.textBody + Theme.gap2)))
        readonly property int rows: root.few ? Math.ceil(root.typed.count / 2) : Math.max(1, Math.floor((height + Theme.gap2) / (1.25 * board.least)))
        readonly property int room: columns * rows

        Layout.fillHeight: true
        Layout.fillWidth: true

        Component.onCompleted: root.typed.fit(room)
        onRoomChanged: root.typed.fit(room)

        Repeater {
            model: root.typed.choices

            Touchable {
                id: choice

                required property int index
                required property var modelData
                readonly property real across: (board.width - (board.columns - 1) * Theme.gap2) / board.columns
                readonly property real down: root.few ? Math.min(board.height, 44 * Theme.unit) : (board.height - (board.rows - 1) * Theme.gap2) / board.rows

                border.color: modelData.chosen ? "transparent" : Theme.edge
                border.width: Theme.stroke
                height: down
                label: modelData.text
                objectName: "choice_" + modelData.text
                pressedColor: modelData.chosen ? Theme.accentPressed : Theme.accentSoftPressed
                restColor: modelData.chosen ? Theme.accent : Theme.surface
                width: across
                x: (index % board.columns) * (across + Theme.gap2)
                y: Math.floor(index / board.columns) * (down + Theme.gap2)
                onActivated: root.typed.choose(modelData.text)

                Label {
                    anchors.centerIn: parent
                    color: choice.modelData.chosen ? Theme.onAccent : Theme.accent
                    size: root.few ? Theme.textTitle : Theme.textBody
                    strong: true
                    text: choice.label
                    wrapMode: Text.NoWrap
                }
            }
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap3
        visible: !root.few

        ActionButton {
            available: root.typed.has_newer
            label: root.model.words.list_newer
            objectName: "newer"
            size: Theme.textBody
            onActivated: root.typed.newer()
        }
        Label {
            Layout.fillWidth: true
            color: Theme.inkSoft
            horizontalAlignment: Text.AlignHCenter
            objectName: "place"
            size: Theme.textSmall
            text: root.typed.place
            wrapMode: Text.NoWrap
        }
        ActionButton {
            available: root.typed.has_older
            label: root.model.words.list_older
            objectName: "older"
            size: Theme.textBody
            onActivated: root.typed.older()
        }
    }
}
