// Is anybody there? One touch goes on.
import QtQuick
import QtQuick.Layouts

Rectangle {
    id: root

    required property QtObject model
    required property bool portrait

    color: Theme.scrim

    MouseArea {
        anchors.fill: parent // the page below takes no touch
    }
    Rectangle {
        anchors.centerIn: parent
        anchors.verticalCenterOffset: root.portrait ? root.height * 0.1 : 0
        color: Theme.surface
        height: column.height + 2 * (root.portrait ? Theme.gap5 : Theme.gap4)
        radius: Theme.radiusLarge
        width: Math.min(parent.width - 2 * Theme.margin, 230 * Theme.unit)

        ColumnLayout {
            id: column

            anchors.centerIn: parent
            spacing: root.portrait ? Theme.gap4 : Theme.gap3
            width: parent.width - 2 * Theme.gap5

            Ring {
                Layout.alignment: Qt.AlignHCenter
                implicitHeight: 38 * Theme.unit
                implicitWidth: 38 * Theme.unit
                objectName: "warning_seconds"
                part: root.model.warning.part
                seconds: root.model.warning.left
                size: Theme.textTitle
                thickness: 2.6 * Theme.unit
            }
            Label {
                Layout.fillWidth: true
                horizontalAlignment: Text.AlignHCenter
                size: Theme.textTitle
                strong: true
                text: root.model.words.warning_title
            }
            Label {
                Layout.fillWidth: true
                color: Theme.inkSoft
                horizontalAlignment: Text.AlignHCenter
                text: root.model.words.warning_body
            }
            ActionButton {
                Layout.fillWidth: true
                implicitHeight: 1.2 * Theme.button
                label: root.model.words.stay
                objectName: "stay"
                primary: true
                onActivated: root.model.stay()
            }
            ActionButton {
                Layout.fillWidth: true
                label: root.model.words.cancel
                objectName: "cancel_from_warning"
                visible: root.model.cancellable
                onActivated: root.model.cancel()
            }
        }
    }
}
