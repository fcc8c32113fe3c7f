// How much is wrong with something; nothing where all is well.
import QtQuick

Rectangle {
    id: root

    required property int count

    border.color: Look.inkOnBad
    border.width: 1
    color: Look.bad
    height: 22
    radius: 11
    visible: count > 0
    width: Math.max(22, words.implicitWidth + 12)

    Words {
        id: words

        anchors.centerIn: parent
        color: Look.inkOnBad
        size: 12
        strong: true
        text: root.count
    }
}
