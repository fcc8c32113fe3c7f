// A heading in both languages, one below the other.
import QtQuick

Column {
    id: root

    required property string zh
    required property string en
    property color color: Theme.inkSoft
    property int alignment: Text.AlignLeft
    property real size: Theme.textSmall
    property bool strong: false

    Label {
        color: root.color
        horizontalAlignment: root.alignment
        size: root.size
        strong: root.strong
        text: root.zh
        width: root.width
    }
    Label {
        color: root.color
        horizontalAlignment: root.alignment
        size: Theme.textSmall
        text: root.en
        width: root.width
    }
}
