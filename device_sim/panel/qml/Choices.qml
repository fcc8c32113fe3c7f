// Things to lay or hold before a device.
import QtQuick

Column {
    id: root

    required property var choices
    required property string prefix
    property bool withName: false

    signal touched(var choice)

    spacing: 8

    Repeater {
        model: root.choices.length

        Push {
            required property int index
            readonly property var choice: root.choices[index]

            badge: choice.here ? "●" : ""
            chinese: choice.here ? choice.chinese + "（已放上，触碰取走）" : root.withName ? choice.chinese + "  " + choice.name : choice.chinese
            english: choice.here ? choice.english + ": lies there, touch to take" : choice.english
            objectName: root.prefix + choice.name
            strong: choice.here
            width: root.width

            onPushed: root.touched(choice)
        }
    }
}
