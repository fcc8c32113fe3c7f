// The keys for digits, and X where an ID number may end with it.
import QtQuick
import QtQuick.Layouts

GridLayout {
    id: root

    required property QtObject model
    required property bool takesX

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
            onActivated: root.model.typed.key(label)
        }
    }
    Key {
        Layout.fillHeight: true
        Layout.fillWidth: true
        available: !root.takesX || root.model.typed.takes_x
        implicitHeight: Theme.target
        label: root.takesX ? "X" : root.model.words.clear
        objectName: root.takesX ? "key_x" : "key_clear"
        quiet: !root.takesX || !available
        onActivated: root.takesX ? root.model.typed.key("X") : root.model.typed.clear()
    }
    Key {
        Layout.fillHeight: true
        Layout.fillWidth: true
        implicitHeight: Theme.target
        label: "0"
        objectName: "key_0"
        onActivated: root.model.typed.key("0")
    }
    Key {
        Layout.fillHeight: true
        Layout.fillWidth: true
        icon: "erase"
        implicitHeight: Theme.target
        label: root.model.words.erase
        objectName: "key_erase"
        quiet: true
        onActivated: root.model.typed.erase()
    }
}
