// A service: its names, how many wait for it, and how long who comes now will wait.
import QtQuick

Item {
    id: root

    required property var service
    required property bool portrait
    required property real waiting
    required property real figures

    Rectangle {
        color: Theme.line
        height: Math.max(1, 2 * Theme.unit)
        width: parent.width
    }
    Grid {
        id: names

        anchors.verticalCenter: parent.verticalCenter
        columnSpacing: Theme.gap
        columns: root.portrait ? 1 : 2
        verticalItemAlignment: Grid.AlignVCenter
        width: parent.width - root.waiting - (root.portrait ? 1 : 2) * root.figures - Theme.gap

        Label {
            id: zh

            color: Theme.ink
            strong: true
            text: root.service.zh
            width: Math.min(implicitWidth, root.portrait ? names.width : 0.5 * names.width)
        }
        Label {
            color: Theme.inkSoft
            minimumPixelSize: 0.8 * Theme.textSmall // a name as long as that is rather small than cut
            size: Theme.textSmall
            text: root.service.en
            width: Math.min(implicitWidth, root.portrait ? names.width : names.width - zh.width - Theme.gap)
        }
    }
    Row {
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter

        Label {
            color: Theme.ink
            horizontalAlignment: Text.AlignRight
            size: Theme.textFigure
            strong: true
            text: root.service.waiting
            width: root.waiting
        }
        Label {
            color: Theme.ink
            horizontalAlignment: Text.AlignRight
            size: Theme.textFigure
            strong: true
            text: root.portrait ? root.service.about_up_to : root.service.about
            width: root.figures
        }
        Label {
            color: Theme.ink
            horizontalAlignment: Text.AlignRight
            size: Theme.textFigure
            strong: true
            text: root.service.up_to
            visible: !root.portrait
            width: root.figures
        }
    }
}
