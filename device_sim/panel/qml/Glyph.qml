// What a device looks like, with the card that is at it.
import QtQuick
import QtQuick.Shapes

Item {
    id: root

    required property var device
    readonly property real unit: Math.max(1, height / 30)
    readonly property string kind: device?.name ?? ""
    readonly property bool holds: (device?.card ?? -1) !== -1
    readonly property color card: Look.cardColour(device?.card ?? -1)

    // contactless: a dark pad with waves, the card across it
    Rectangle {
        anchors.centerIn: parent
        color: Look.part
        height: parent.height
        radius: 7 * root.unit
        visible: root.kind === "top_up_module"
        width: Math.min(parent.width, parent.height * 1.7)

        Shape {
            id: waves

            readonly property real cx: width / 2 - 9 * root.unit
            readonly property real cy: height / 2

            anchors.fill: parent
            visible: !root.holds

            ShapePath {
                capStyle: ShapePath.RoundCap
                fillColor: "transparent"
                strokeColor: Look.glow
                strokeWidth: 2 * root.unit

                PathAngleArc {
                    centerX: waves.cx
                    centerY: waves.cy
                    radiusX: 6 * root.unit
                    radiusY: 6 * root.unit
                    startAngle: -45
                    sweepAngle: 90
                }
                PathAngleArc {
                    centerX: waves.cx
                    centerY: waves.cy
                    moveToStart: true
                    radiusX: 11 * root.unit
                    radiusY: 11 * root.unit
                    startAngle: -45
                    sweepAngle: 90
                }
                PathAngleArc {
                    centerX: waves.cx
                    centerY: waves.cy
                    moveToStart: true
                    radiusX: 16 * root.unit
                    radiusY: 16 * root.unit
                    startAngle: -45
                    sweepAngle: 90
                }
            }
        }
        Rectangle {
            anchors.centerIn: parent
            border.color: Qt.lighter(root.card, 1.5)
            border.width: 1
            color: root.card
            height: parent.height * 0.72
            radius: 4 * root.unit
            rotation: -8
            visible: root.holds
            width: height * 1.55
        }
    }
    // a slot, and the card sticking out of it or deep inside
    Item {
        anchors.fill: parent
        visible: root.kind === "card_reader"

        Rectangle {
            color: Look.part
            height: 13 * root.unit
            radius: 4 * root.unit
            width: parent.width
            y: 2 * root.unit

            Rectangle {
                anchors.centerIn: parent
                color: "#05090B"
                height: 4 * root.unit
                radius: 2 * root.unit
                width: parent.width - 14 * root.unit
            }
            Rectangle {
                anchors.right: parent.right
                anchors.rightMargin: 2 * root.unit
                anchors.verticalCenter: parent.verticalCenter
                color: root.holds ? Look.glow : Look.partLine
                height: 4 * root.unit
                radius: 2 * root.unit
                width: 4 * root.unit
            }
        }
        Rectangle {
            anchors.horizontalCenter: parent.horizontalCenter
            border.color: Qt.lighter(root.card, 1.5)
            border.width: 1
            bottomLeftRadius: 4 * root.unit
            bottomRightRadius: 4 * root.unit
            color: root.card
            height: root.device?.at_gate ? parent.height - 10 * root.unit : 4 * root.unit
            visible: root.holds
            width: parent.width - 22 * root.unit
            y: 9 * root.unit

            Rectangle {
                color: "#E8C55A"
                height: 7 * root.unit
                radius: 2 * root.unit
                visible: parent.height > 16 * root.unit
                width: 9 * root.unit
                x: 7 * root.unit
                y: parent.height - 11 * root.unit
            }
        }
    }
    // a lit field for an ID card
    Rectangle {
        anchors.centerIn: parent
        border.color: Look.partLine
        border.width: 1
        color: Look.part
        height: parent.height
        radius: 6
        visible: root.kind === "id_card_reader"
        width: Math.min(parent.width, parent.height * 1.7)

        Rectangle {
            anchors.centerIn: parent
            border.color: root.holds ? "#FFFFFF" : Look.inkFaint
            border.width: 1
            color: root.holds ? "#D9EEF4" : "transparent"
            height: parent.height - 9
            radius: 3
            width: parent.width - 10

            Rectangle {
                anchors.right: parent.right
                anchors.rightMargin: 4
                anchors.verticalCenter: parent.verticalCenter
                color: root.holds ? "#7FA9B8" : Look.partLine
                height: parent.height - 8
                radius: 2
                width: height * 0.75
            }
            Repeater {
                model: 3

                Rectangle {
                    required property int index

                    color: root.holds ? "#7FA9B8" : Look.partLine
                    height: 2
                    width: parent.width * (index === 2 ? 0.5 : 0.35)
                    x: 4
                    y: 4 + index * (parent.height - 8) / 3
                }
            }
        }
    }
    // keys
    Rectangle {
        anchors.centerIn: parent
        color: Look.part
        height: parent.height
        radius: 5
        visible: root.kind === "pin_pad"
        width: Math.min(parent.width, parent.height * 1.35)

        Grid {
            id: keys

            readonly property real w: (parent.width - 8 - 3 * 3) / 4
            readonly property real h: (parent.height - 8 - 3 * 3) / 4

            anchors.centerIn: parent
            columns: 4
            spacing: 3

            Repeater {
                model: 16

                Rectangle {
                    required property int index

                    color: index % 4 === 3 ? ["#D0543E", "#D9A531", "#2E9E6A", "#8FA3AE"][Math.floor(index / 4)] : root.device?.awake ? "#FFFFFF" : "#B9C6CD"
                    height: keys.h
                    radius: 1.5
                    width: keys.w
                }
            }
        }
    }
    // a window with a red line
    Rectangle {
        anchors.centerIn: parent
        border.color: Look.partLine
        border.width: 1
        color: Look.partDeep
        height: Math.min(parent.height, 30)
        radius: 5
        visible: root.kind === "barcode_scanner"
        width: Math.min(parent.width, 64)

        Rectangle {
            anchors.centerIn: parent
            color: root.device?.awake ? "#FF4B3E" : "#6B3430"
            height: 3
            radius: 1.5
            width: parent.width - 14
        }
        Rectangle {
            anchors.centerIn: parent
            color: "#40FF4B3E"
            height: 11
            radius: 5
            visible: root.device?.awake ?? false
            width: parent.width - 10
        }
    }
    // a lens
    Rectangle {
        anchors.centerIn: parent
        color: Look.partDeep
        height: Math.min(parent.width, parent.height)
        radius: height / 2
        visible: root.kind === "camera"
        width: height

        Rectangle {
            anchors.centerIn: parent
            border.color: root.holds ? Look.glow : "#5F7F8E"
            border.width: 2
            color: "#243B47"
            height: parent.height * 0.66
            radius: height / 2
            width: height
        }
        Rectangle {
            color: "#C8E6F2"
            height: parent.height * 0.16
            radius: height / 2
            width: height
            x: parent.width * 0.36
            y: parent.height * 0.3
        }
    }
    // a house with columns
    Item {
        anchors.centerIn: parent
        height: Math.min(parent.width, parent.height)
        visible: root.kind === "bank"
        width: height

        Shape {
            anchors.fill: parent

            ShapePath {
                fillColor: Look.part
                startX: 1
                startY: 10
                strokeColor: "transparent"

                PathLine {
                    x: 14
                    y: 2
                }
                PathLine {
                    x: 27
                    y: 10
                }
            }
        }
        Row {
            spacing: 4
            x: 4
            y: 12

            Repeater {
                model: 3

                Rectangle {
                    color: Look.part
                    height: 9
                    width: 4
                }
            }
        }
        Rectangle {
            color: Look.part
            height: 3
            width: 26
            x: 1
            y: 23
        }
    }
    // a plug, for what nobody has drawn
    Rectangle {
        anchors.centerIn: parent
        color: Look.part
        height: Math.min(parent.height, 26)
        radius: 6
        visible: ["top_up_module", "card_reader", "id_card_reader", "pin_pad", "barcode_scanner", "camera", "bank"].indexOf(root.kind) < 0
        width: 36

        Row {
            anchors.centerIn: parent
            spacing: 8

            Repeater {
                model: 2

                Rectangle {
                    color: Look.metalLight
                    height: 10
                    radius: 2
                    width: 4
                }
            }
        }
    }
}
