// A service of the home page. It stands (picture above the words) or lies (beside them); a small one has words only.
import QtQuick

Touchable {
    id: root

    required property var modelData
    property bool lying: false
    property bool large: true
    property bool leading: false // the one that most customers want
    // Room for two lines of title and two of reason, then for the badge above them.
    readonly property real textRoom: 2.9 * Theme.textLead + 2.9 * Theme.textSmall
    // Room for a line of each, which a tile of the whole width has enough of.
    readonly property real lineRoom: 1.3 * Theme.textTitle + 1.5 * Theme.textBody
    property real subtitleFrom: large && lying ? lineRoom : textRoom // the height from which there is room for it
    property bool bare: false // words need all the width
    readonly property bool badged: !bare && (lying ? width > 92 * Theme.unit : height > textRoom + 13 * Theme.unit + gap + 1.4 * Theme.gap2)
    readonly property real badge: !badged ? 0 : large ? Math.min(46 * Theme.unit, height * (lying ? 0.6 : 0.36)) : (lying ? 24 : 13) * Theme.unit
    readonly property real gap: large ? Theme.gap3 : Theme.gap2
    readonly property color textColor: leading ? Theme.onAccent : available ? Theme.ink : Theme.inkSoft
    readonly property color softColor: leading ? Theme.onAccent : Theme.inkSoft

    available: modelData.available
    border.color: Theme.line
    border.width: Theme.stroke
    label: modelData.title
    objectName: "service_" + modelData.serviceId
    pressedColor: leading ? Theme.accentPressed : Theme.accentSoft
    radius: Theme.radiusLarge
    restColor: leading ? Theme.accent : available ? Theme.surface : Theme.sunken

    Accessible.description: available ? modelData.subtitle : modelData.reason

    Rectangle {
        id: sign

        color: root.available ? Theme.accentSoft : Theme.line
        height: root.badge
        radius: Theme.radius
        visible: root.badged
        width: root.badge
        x: root.large ? Theme.gap4 : Theme.gap3
        y: root.lying ? (root.height - height) / 2 : words.y - height - root.gap

        Icon {
            anchors.centerIn: parent
            color: root.available ? Theme.accent : Theme.inkSoft
            name: root.modelData.icon
            size: root.badge * 0.66
        }
    }
    Column {
        id: words

        readonly property real lift: root.lying || !root.badged ? 0 : root.badge + root.gap

        spacing: root.large ? Theme.gap1 : 0
        width: (arrow.visible ? arrow.x - Theme.gap2 : root.width - Theme.gap3) - x
        x: sign.x + (root.lying && root.badged ? root.badge + (root.large ? Theme.gap4 : Theme.gap3) : 0)
        y: (root.height - height + lift) / 2

        Label {
            color: root.textColor
            lineHeight: 1
            size: root.large && root.lying ? 0.9 * Theme.textTitle : root.badged || root.large ? Theme.textLead : Math.max(Theme.textSmall, 0.9 * Theme.textLead)
            strong: true
            text: root.modelData.title
            width: parent.width
        }
        Label {
            color: root.softColor
            lineHeight: root.large ? 1.08 : 1
            size: root.large && root.lying ? Theme.textBody : Theme.textSmall
            strong: !root.available
            text: root.available ? root.modelData.subtitle : root.modelData.reason
            visible: !root.available || root.height > root.subtitleFrom
            width: parent.width
        }
    }
    Icon {
        id: arrow

        anchors.right: parent.right
        anchors.rightMargin: Theme.gap4
        anchors.verticalCenter: parent.verticalCenter
        color: root.leading ? Theme.onAccent : Theme.accent
        name: "arrow"
        size: Theme.textTitle
        visible: root.large && root.lying && root.available
    }
}
