// A countdown: a ring that empties around the seconds left.
import QtQuick
import QtQuick.Shapes

Item {
    id: root

    required property int seconds
    required property real part
    property real thickness: 1.8 * Theme.unit
    property real size: Theme.textLead

    Shape {
        anchors.fill: parent
        preferredRendererType: Shape.CurveRenderer

        ShapePath {
            fillColor: "transparent"
            strokeColor: Theme.sunken
            strokeWidth: root.thickness

            PathAngleArc {
                centerX: root.width / 2
                centerY: root.height / 2
                radiusX: (root.width - root.thickness) / 2
                radiusY: radiusX
                startAngle: -90
                sweepAngle: 360
            }
        }
        ShapePath {
            capStyle: ShapePath.RoundCap
            fillColor: "transparent"
            strokeColor: Theme.accent
            strokeWidth: root.thickness

            PathAngleArc {
                centerX: root.width / 2
                centerY: root.height / 2
                radiusX: (root.width - root.thickness) / 2
                radiusY: radiusX
                startAngle: -90
                sweepAngle: -360 * root.part
            }
        }
    }
    Label {
        anchors.centerIn: parent
        color: Theme.accent
        size: root.size
        strong: true
        text: root.seconds
    }
}
