// Something is under way.
import QtQuick
import QtQuick.Shapes

Item {
    id: root

    property color color: Theme.accent
    property real thickness: width / 9

    Shape {
        id: arc

        anchors.fill: parent
        preferredRendererType: Shape.CurveRenderer

        ShapePath {
            capStyle: ShapePath.RoundCap
            fillColor: "transparent"
            strokeColor: root.color
            strokeWidth: root.thickness

            PathAngleArc {
                centerX: root.width / 2
                centerY: root.height / 2
                radiusX: (root.width - root.thickness) / 2
                radiusY: radiusX
                startAngle: -90
                sweepAngle: 250
            }
        }
        RotationAnimation on rotation {
            duration: 1400
            from: 0
            loops: Animation.Infinite
            running: !Theme.still && root.visible
            to: 360
        }
    }
}
