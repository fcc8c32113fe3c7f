// The board: the newest call or a notice, the calls before it, and who waits for what.
import QtQuick

Rectangle {
    id: root

    required property QtObject model
    readonly property bool portrait: height > width
    readonly property bool alone: !model.rows[0].there // there is no call but the newest: it gets all the room
    readonly property bool hasNotice: model.notice_picture !== "" || model.notice_headline !== ""

    color: Theme.accentPressed

    Connecting {
        anchors.centerIn: parent
        model: root.model
        visible: root.model.connecting
        width: parent.width - 4 * Theme.margin
    }
    Item {
        anchors.fill: parent
        visible: !root.model.connecting

        Header {
            id: header

            anchors.left: parent.left
            anchors.leftMargin: Theme.margin
            anchors.right: parent.right
            anchors.rightMargin: Theme.margin
            anchors.top: parent.top
            model: root.model
        }
        Item {
            id: main

            anchors.left: header.left
            anchors.top: header.bottom
            height: root.portrait && !root.alone ? 0.295 * root.height : services.y - Theme.gap - y
            width: root.portrait || root.alone ? header.width : 0.61 * header.width

            Newest {
                anchors.fill: parent
                model: root.model
                visible: !root.hasNotice
            }
            Notice {
                anchors.fill: parent
                model: root.model
                visible: root.hasNotice
            }
        }
        Calls {
            anchors.bottom: services.top
            anchors.bottomMargin: Theme.gap
            anchors.left: root.portrait ? header.left : main.right
            anchors.leftMargin: root.portrait ? 0 : Theme.gap
            anchors.right: header.right
            anchors.top: root.portrait ? main.bottom : header.bottom
            anchors.topMargin: root.portrait ? Theme.gap : 0
            model: root.model
            visible: !root.alone
        }
        Services {
            id: services

            anchors.bottom: parent.bottom
            anchors.bottomMargin: Theme.margin
            anchors.left: header.left
            anchors.right: header.right
            model: root.model
            portrait: root.portrait
        }
    }
}
