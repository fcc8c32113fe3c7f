// The branch's queue on the home page: who is called where, and who waits.
import QtQuick
import QtQuick.Layouts

Rectangle {
    id: root

    required property QtObject queue
    required property var words
    required property bool portrait
    property bool short: false // there is room for the calls only
    readonly property int most: portrait ? 6 : 3 // services that there is room for; the page of the choice has all

    border.color: Theme.line
    border.width: Theme.stroke
    color: Theme.surface
    implicitHeight: content.implicitHeight + 2 * (portrait ? Theme.gap3 : short ? Theme.gap1 : Theme.gap2)
    radius: Theme.radius

    GridLayout {
        id: content

        anchors.left: parent.left
        anchors.margins: Theme.gap3
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        columnSpacing: Theme.gap5
        columns: root.portrait ? 1 : 2
        rowSpacing: Theme.gap2

        RowLayout {
            Layout.fillWidth: root.portrait || root.short
            spacing: Theme.gap3

            Label {
                color: Theme.inkSoft
                size: Theme.textSmall
                text: root.words.queue_now
                wrapMode: Text.NoWrap
            }
            Repeater {
                model: root.queue.calls.slice(0, root.portrait || root.short ? 2 : 1)

                Row {
                    id: call

                    required property int index
                    required property var modelData

                    spacing: Theme.gap2

                    Label {
                        anchors.baseline: place.baseline
                        color: call.index === 0 ? Theme.accent : Theme.inkSoft
                        objectName: "called_" + call.index
                        size: call.index === 0 ? Theme.textLead : Theme.textBody
                        strong: true
                        text: call.modelData.ticket
                        wrapMode: Text.NoWrap
                    }
                    Label {
                        id: place

                        color: call.index === 0 ? Theme.ink : Theme.inkSoft
                        size: call.index === 0 ? Theme.textLead : Theme.textBody
                        text: call.modelData.window
                        wrapMode: Text.NoWrap
                    }
                }
            }
            Label {
                size: Theme.textBody
                text: root.words.queue_none
                visible: root.queue.calls.length === 0
                wrapMode: Text.NoWrap
            }
            Item {
                Layout.fillWidth: true
            }
        }
        GridLayout {
            Layout.fillWidth: true
            columnSpacing: Theme.gap4
            columns: 3
            rowSpacing: Theme.gap2
            visible: !root.short

            Repeater {
                model: root.queue.services.slice(0, root.most)

                Column {
                    id: service

                    required property int index
                    required property var modelData

                    Layout.alignment: Qt.AlignTop
                    Layout.fillWidth: true
                    Layout.preferredWidth: 1

                    Label {
                        color: Theme.inkSoft
                        size: Theme.textSmall
                        text: service.modelData.title
                        width: parent.width
                    }
                    Label {
                        objectName: "waiting_" + service.index
                        size: Theme.textSmall
                        strong: true
                        text: service.modelData.waiting + (apart.visible || apart.text === "" ? "" : " · " + apart.text)
                        width: parent.width
                    }
                    Label {
                        id: apart

                        size: Theme.textSmall
                        text: service.modelData.upTo
                        visible: text !== "" && root.portrait
                        width: parent.width
                    }
                }
            }
        }
    }
}
