// A service of the home page. `hero`: it is the only one; `lying`: picture beside the words instead of above.
import QtQuick

Touchable {
    id: root

    required property var modelData
    required property var words
    property bool hero: false
    property bool lying: false
    readonly property real badge: hero ? (lying ? height : height * 0.56) : Math.min(34 * Theme.unit, height * (lying ? 0.6 : 0.4))

    available: modelData.available
    border.color: Theme.line
    border.width: Theme.stroke
    label: modelData.title
    objectName: "service_" + modelData.serviceId
    pressedColor: Theme.accentSoft
    radius: Theme.radiusLarge
    restColor: available ? Theme.surface : Theme.sunken

    Accessible.description: available ? modelData.subtitle : modelData.reason

    Rectangle {
        id: sign

        anchors.left: parent.left
        anchors.leftMargin: root.hero ? 0 : Theme.gap4
        anchors.top: parent.top
        anchors.topMargin: root.hero ? 0 : root.lying ? (root.height - height) / 2 : Theme.gap4
        bottomLeftRadius: root.hero && !root.lying ? 0 : radius
        color: !root.available ? Theme.line : root.hero ? Theme.accent : Theme.accentSoft
        height: root.badge
        radius: Theme.radiusLarge
        topRightRadius: root.hero && root.lying ? 0 : radius
        bottomRightRadius: root.hero ? 0 : radius
        width: root.hero ? (root.lying ? parent.width * 0.46 : parent.width) : root.badge

        Icon {
            anchors.centerIn: parent
            color: !root.available ? Theme.inkSoft : root.hero ? Theme.onAccent : Theme.accent
            name: root.modelData.icon
            size: Math.min(sign.width, sign.height) * 0.62
        }
    }
    Column {
        anchors.left: root.lying ? sign.right : parent.left
        anchors.leftMargin: root.hero ? Theme.gap5 : Theme.gap4
        anchors.right: parent.right
        anchors.rightMargin: root.hero ? Theme.gap5 : Theme.gap4
        anchors.top: root.lying ? undefined : sign.bottom
        anchors.topMargin: root.hero ? Theme.gap5 : Theme.gap3
        anchors.verticalCenter: root.lying ? parent.verticalCenter : undefined
        spacing: root.hero ? Theme.gap3 : Theme.gap1

        Label {
            color: root.available ? Theme.ink : Theme.inkSoft
            size: root.hero ? Theme.textTitle : Theme.textLead
            strong: true
            text: root.modelData.title
            width: parent.width
        }
        Label {
            color: Theme.inkSoft
            size: root.hero ? Theme.textBody : Theme.textSmall
            text: root.modelData.subtitle
            visible: root.available
            width: parent.width
        }
        Label {
            color: Theme.inkSoft
            size: root.hero ? Theme.textBody : Theme.textSmall
            strong: true
            text: root.words.unavailable_label + "\n" + root.modelData.reason
            visible: !root.available
            width: parent.width
        }
        Item {
            height: Theme.gap3
            visible: root.hero && root.available
            width: 1
        }
        Rectangle {
            color: root.pressed ? Theme.accentPressed : Theme.accent
            height: Theme.button
            radius: Theme.radius
            visible: root.hero && root.available
            width: go.width + 2 * Theme.gap5

            Row {
                id: go

                anchors.centerIn: parent
                spacing: Theme.gap2

                Label {
                    anchors.verticalCenter: parent.verticalCenter
                    color: Theme.onAccent
                    size: Theme.textLead
                    strong: true
                    text: root.words.start
                    wrapMode: Text.NoWrap
                }
                Icon {
                    anchors.verticalCenter: parent.verticalCenter
                    color: Theme.onAccent
                    name: "arrow"
                    size: Theme.textLead * 1.2
                }
            }
        }
    }
}
