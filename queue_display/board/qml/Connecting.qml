// Before the first word of the queue: what is waited for, and what may be wrong, for whoever sets the board up.
import QtQuick

Column {
    id: root

    required property QtObject model

    spacing: Theme.gap

    Label {
        horizontalAlignment: Text.AlignHCenter
        size: Theme.textGoing * 0.8
        strong: true
        text: root.model.words.connecting_zh
        width: root.width
    }
    Label {
        color: Theme.accentSoft
        horizontalAlignment: Text.AlignHCenter
        size: Theme.textFigure
        text: root.model.words.connecting_en
        width: root.width
    }
    Item {
        height: 2 * Theme.gap
        width: 1
    }
    Label {
        color: Theme.call
        fontSizeMode: Text.FixedSize
        height: implicitHeight
        horizontalAlignment: Text.AlignHCenter
        objectName: "trouble"
        size: Theme.textSmall
        text: root.model.trouble_zh
        width: root.width
        wrapMode: Text.Wrap
    }
    Label {
        color: Theme.call
        fontSizeMode: Text.FixedSize
        height: implicitHeight
        horizontalAlignment: Text.AlignHCenter
        size: Theme.textSmall
        text: root.model.trouble_en
        width: root.width
        wrapMode: Text.Wrap
    }
    Label {
        color: Theme.accentSoft
        horizontalAlignment: Text.AlignHCenter
        size: Theme.textSmall
        text: root.model.place
        width: root.width
    }
}
