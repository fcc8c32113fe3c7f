// Whose terminal this is, which one, what time it is; and the languages, on every page.
import QtQuick
import QtQuick.Layouts

Rectangle {
    id: root

    required property QtObject model
    required property bool portrait
    readonly property real row: Math.max(24 * Theme.unit, 2.9 * Theme.textSmall)

    color: Theme.accent
    implicitHeight: brand.height + (portrait ? band.height : 0) + (model.header.simulated ? mark.height : 0)

    Row {
        id: brand

        anchors.left: parent.left
        anchors.leftMargin: Theme.margin
        height: root.row
        spacing: Theme.gap2

        Icon {
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.onAccent
            name: "bank"
            size: 12 * Theme.unit
            visible: root.model.header.bank !== ""
        }
        Label {
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.onAccent
            fontSizeMode: Text.Fit
            lineHeight: 0.82 // a long name has two lines: nearer to each other than to the edges
            height: parent.height - 1.2 * Theme.gap1
            minimumPixelSize: Theme.textSmall
            objectName: "bank"
            size: Theme.textLead
            strong: true
            text: root.model.header.bank
            verticalAlignment: Text.AlignVCenter
            width: Math.min(implicitWidth, (root.portrait ? root.width - languages.width : root.width * 0.36) - 2 * Theme.margin - 18 * Theme.unit - Theme.gap2)
        }
    }

    Row {
        id: languages

        anchors.right: parent.right
        anchors.rightMargin: Theme.margin
        height: root.row
        spacing: Theme.gap2

        Touchable {
            id: aloud

            readonly property QtObject reader: root.model.aloud

            anchors.verticalCenter: parent.verticalCenter
            border.color: Theme.accentSoft
            border.width: Theme.stroke
            height: Theme.target
            label: reader.reading ? root.model.words.stop_reading : root.model.words.read_aloud
            objectName: "read_aloud"
            pressedColor: Theme.accentPressed
            restColor: Theme.accent
            visible: reader.available
            width: Math.max(sign.size + Math.max(letters.advanceWidth(root.model.words.read_aloud), letters.advanceWidth(root.model.words.stop_reading)) + 2.5 * Theme.gap2, 1.5 * Theme.target)
            onActivated: reader.read()

            FontMetrics {
                id: letters

                font: caption.font
            }
            Row {
                anchors.centerIn: parent
                spacing: Theme.gap2 / 2

                Icon {
                    id: sign

                    anchors.verticalCenter: parent.verticalCenter
                    color: Theme.onAccent
                    name: aloud.reader.reading ? "stop" : "loudspeaker"
                    size: 1.3 * Theme.textSmall
                }
                Label {
                    id: caption

                    anchors.verticalCenter: parent.verticalCenter
                    color: Theme.onAccent
                    size: Theme.textSmall
                    text: aloud.label
                    wrapMode: Text.NoWrap
                }
            }
        }
        Repeater {
            model: root.model.header.languages

            Touchable {
                id: language

                required property var modelData
                readonly property bool current: modelData.code === root.model.language

                Accessible.checked: current
                Accessible.role: Accessible.RadioButton
                anchors.verticalCenter: parent.verticalCenter
                border.color: Theme.accentSoft
                border.width: Theme.stroke
                height: Theme.target
                label: modelData.name
                objectName: "language_" + modelData.code
                pressedColor: current ? Theme.accentSoft : Theme.accentPressed
                restColor: current ? Theme.surface : Theme.accent
                width: Math.max(name.implicitWidth + 2 * Theme.gap2, 1.5 * Theme.target)
                onActivated: root.model.change_language(modelData.code)

                Label {
                    id: name

                    anchors.centerIn: parent
                    color: language.current ? Theme.accent : Theme.onAccent
                    size: Theme.textSmall
                    strong: language.current
                    text: language.modelData.name
                    wrapMode: Text.NoWrap
                }
            }
        }
    }

    Rectangle {
        id: band

        anchors.left: parent.left
        anchors.right: parent.right
        anchors.top: brand.bottom
        color: Theme.accentPressed
        height: Math.max(15 * Theme.unit, 1.7 * Theme.textSmall)
        visible: root.portrait
    }

    RowLayout {
        id: line

        // On a small panel the buttons leave no room for the date.
        readonly property bool narrow: width < number.implicitWidth + date.implicitWidth + time.implicitWidth + 3 * spacing

        anchors.left: root.portrait ? parent.left : brand.right
        anchors.leftMargin: root.portrait ? Theme.margin : Theme.gap5
        anchors.right: root.portrait ? parent.right : languages.left
        anchors.rightMargin: root.portrait ? Theme.margin : Theme.gap4
        anchors.verticalCenter: root.portrait ? band.verticalCenter : brand.verticalCenter
        spacing: Theme.gap3

        Label {
            id: number

            color: Theme.onAccent
            objectName: "terminal"
            size: Theme.textSmall
            text: root.model.header.terminal
            wrapMode: Text.NoWrap
        }
        Item {
            Layout.fillWidth: true
        }
        Label {
            id: date

            color: Theme.onAccent
            objectName: "date"
            size: Theme.textSmall
            text: root.model.header.date
            visible: !line.narrow
            wrapMode: Text.NoWrap
        }
        Label {
            id: time

            color: Theme.onAccent
            objectName: "time"
            size: Theme.textSmall
            strong: true
            text: root.model.header.time
            wrapMode: Text.NoWrap
        }
    }

    Rectangle {
        id: mark

        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.right: parent.right
        color: Theme.attentionSoft
        height: Math.max(12 * Theme.unit, 1.6 * Theme.textSmall)
        visible: root.model.header.simulated

        Label {
            anchors.centerIn: parent
            color: Theme.attention
            objectName: "simulated"
            size: Theme.textSmall
            strong: true
            text: root.model.words.simulated
            wrapMode: Text.NoWrap
        }
    }
}
