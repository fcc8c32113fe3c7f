// Who waits for what, and how long: a line a service.
import QtQuick

Rectangle {
    id: root

    required property QtObject model
    required property bool portrait
    readonly property real figures: (portrait ? 0.335 : 0.16) * width
    readonly property real waiting: (portrait ? 0.175 : 0.16) * width
    readonly property real rowHeight: (portrait ? 2.75 : 1.75) * Theme.textSmall

    color: Theme.surface
    height: headings.height + model.services_at_once * rowHeight + Theme.gap // the same on every page
    radius: Theme.radius

    Column {
        id: table

        anchors.left: parent.left
        anchors.leftMargin: Theme.margin
        anchors.right: parent.right
        anchors.rightMargin: Theme.margin
        anchors.top: parent.top
        anchors.topMargin: Theme.gap / 2

        Row {
            id: headings

            anchors.left: parent.left
            anchors.right: parent.right
            bottomPadding: Theme.gap / 2

            TwoLines {
                en: root.model.words.service_en
                width: parent.width - waits.width - people.width
                zh: root.model.words.service_zh + (root.model.services_page ? "  " + root.model.services_page : "")
            }
            TwoLines {
                id: people

                alignment: Text.AlignRight
                en: root.model.words.waiting_en
                width: root.waiting
                zh: root.model.words.waiting_zh
            }
            Row {
                id: waits

                TwoLines {
                    alignment: Text.AlignRight
                    en: root.portrait ? root.model.words.about_up_to_en : root.model.words.about_en
                    width: root.figures
                    zh: root.portrait ? root.model.words.about_up_to_zh : root.model.words.about_zh
                }
                TwoLines {
                    alignment: Text.AlignRight
                    en: root.model.words.up_to_en
                    visible: !root.portrait
                    width: root.figures
                    zh: root.model.words.up_to_zh
                }
            }
        }
        Repeater {
            model: root.model.services

            ServiceRow {
                required property var modelData

                figures: root.figures
                height: root.rowHeight
                portrait: root.portrait
                service: modelData
                waiting: root.waiting
                width: table.width
            }
        }
    }
}
