// The newest call: who, and to which window; before the first one of the day, a welcome.
import QtQuick

Rectangle {
    id: root

    required property QtObject model
    readonly property QtObject call: model.newest

    color: call.lit ? Theme.call : Theme.surface
    objectName: "newest"
    radius: Theme.radius

    Column {
        anchors.centerIn: parent
        spacing: 0.6 * Theme.gap
        visible: root.call.there

        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            color: Theme.accent
            height: 0.85 * size
            horizontalAlignment: Text.AlignHCenter
            objectName: "newest_ticket"
            size: Theme.textNumber
            strong: true
            text: root.call.ticket
            width: root.width - 2 * Theme.margin
        }
        Row {
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.gap

            Label {
                anchors.verticalCenter: parent.verticalCenter
                color: Theme.ink
                size: Theme.textGoing
                strong: true
                text: root.model.words.please_to_zh
            }
            Rectangle {
                anchors.verticalCenter: parent.verticalCenter
                color: Theme.accent
                height: 1.32 * Theme.textGoing
                radius: Theme.radius
                width: Math.max(height, window.width + 2 * Theme.gap)

                Label {
                    id: window

                    anchors.centerIn: parent
                    horizontalAlignment: Text.AlignHCenter
                    objectName: "newest_window"
                    size: 1.2 * Theme.textGoing
                    strong: true
                    text: root.call.window
                    width: Math.min(implicitWidth, root.width * 0.3)
                }
            }
            Label {
                anchors.verticalCenter: parent.verticalCenter
                color: Theme.ink
                size: Theme.textGoing
                strong: true
                text: root.call.window_word
            }
        }
        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            color: Theme.inkSoft
            horizontalAlignment: Text.AlignHCenter
            size: 1.25 * Theme.textBody
            text: root.model.words.please_to_window_en + " " + root.call.window
            width: root.width - 2 * Theme.margin
        }
    }
    Column {
        anchors.centerIn: parent
        spacing: Theme.gap
        visible: !root.call.there

        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            color: Theme.accent
            size: Theme.textGoing
            strong: true
            text: root.model.words.welcome_zh
        }
        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            color: Theme.ink
            size: Theme.textFigure
            text: root.model.words.watch_zh
        }
        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            color: Theme.inkSoft
            horizontalAlignment: Text.AlignHCenter
            text: root.model.words.welcome_en + ". " + root.model.words.watch_en
            width: root.width - 2 * Theme.margin
        }
    }
}
