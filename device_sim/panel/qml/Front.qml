// The terminal's front as a picture: screen, receipt slot, and the devices that it has. Touching one chooses it.
import QtQuick

Item {
    id: root

    required property var sight
    required property int paper
    required property bool cut
    readonly property var small: sight.devices.filter(each => each.name !== "receipt_printer" && each.name !== "bank")
    readonly property var printer: find("receipt_printer")
    readonly property int columns: small.length > 4 ? 3 : Math.max(1, Math.min(3, small.length))
    readonly property int rows: Math.ceil(small.length / columns)
    readonly property real inset: 14

    signal chosen(string name)

    function find(name) {
        return sight.devices.find(each => each.name === name) ?? null;
    }

    Rectangle {
        anchors.fill: parent
        color: Look.metalDark
        radius: 20
    }
    Rectangle {
        anchors.fill: parent
        anchors.margins: 1
        radius: 19

        gradient: Gradient {
            GradientStop {
                color: Look.metalLight
                position: 0
            }
            GradientStop {
                color: Look.metal
                position: 1
            }
        }
    }
    Item {
        id: middle

        anchors.bottom: parts.top
        anchors.bottomMargin: 10
        anchors.top: parent.top
        anchors.topMargin: root.inset
        width: parent.width - 2 * root.inset
        x: root.inset

        // the customer's screen
        Rectangle {
            id: screen

            border.color: "#5B6A73"
            border.width: 1
            color: Look.partDeep
            height: parent.height
            radius: 8
            width: (parent.width - 10) * 0.5

            Rectangle {
                anchors.fill: parent
                anchors.margins: 7
                radius: 3

                gradient: Gradient {
                    GradientStop {
                        color: "#F4F8FA"
                        position: 0
                    }
                    GradientStop {
                        color: "#D8E6EC"
                        position: 1
                    }
                }

                Rectangle {
                    color: "#0F6D8C"
                    height: 14
                    width: parent.width
                }
                Grid {
                    id: tiles

                    readonly property real side: (parent.width - 24) / 2

                    columnSpacing: 8
                    columns: 2
                    rowSpacing: 8
                    x: 8
                    y: 24

                    Repeater {
                        model: screen.height > 220 ? 6 : 4

                        Rectangle {
                            required property int index

                            border.color: "#B9CBD4"
                            border.width: 1
                            color: index === 0 ? "#157F60" : "#FFFFFF"
                            height: Math.max(8, Math.min(46, (screen.height - 78) / 2))
                            radius: 4
                            width: tiles.side
                        }
                    }
                }
            }
        }
        PaperSlot {
            cut: root.cut
            device: root.printer
            height: parent.height
            highlighted: root.sight.chosen === "receipt_printer"
            number: root.paper
            objectName: "device_receipt_printer"
            visible: device !== null
            width: (parent.width - 10) * 0.5
            x: screen.width + 10

            onTapped: root.chosen("receipt_printer")
        }
    }
    Grid {
        id: parts

        anchors.bottom: parent.bottom
        anchors.bottomMargin: root.inset
        columnSpacing: 8
        columns: root.columns
        rowSpacing: 8
        x: root.inset

        Repeater {
            model: root.small.length

            DevicePart {
                required property int index

                device: root.small[index]
                height: 68
                highlighted: root.sight.chosen === device.name
                objectName: "device_" + device.name
                width: (root.width - 2 * root.inset - 8 * (root.columns - 1)) / root.columns

                onTapped: root.chosen(device.name)
            }
        }
    }
}
