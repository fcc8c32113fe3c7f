"""Risks and quality: what a flattened card shows, judged on pictures whose truth is known."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from ocr import quality, risks
from ocr.arrays import Pixels
from ocr.id_card import FieldReading, IdCardBack, IdCardFront, Quality, Risk
from ocr.layout import layout
from ocr.sight import look
from ocr.synth.flattened import flattened
from ocr.synth.samples import Set, risk_sample
from ocr.synth.scenes import Scene

DAY = date(2026, 6, 1)
# GB 11643's own example: a woman of 110105 (Chaoyang, Beijing), born on 1949-12-31.
FRONT = IdCardFront(
    name=FieldReading("某某", 1, None),
    sex=FieldReading("女", 1, None),
    ethnicity=FieldReading("汉", 1, None),
    birth=FieldReading("1949-12-31", 1, None),
    address=FieldReading("北京市朝阳区", 1, None),
    id_number=FieldReading("11010519491231002X", 1, None),
)


def said(text: str) -> FieldReading:
    return FieldReading(text, 1, None)


def back(until: str) -> IdCardBack:
    return IdCardBack(said("北京市公安局朝阳分局"), said("2006-05-31"), said(until))


def test_what_agrees_is_no_risk() -> None:
    assert risks.written(FRONT, DAY) == frozenset()


@pytest.mark.parametrize("changed", [{"sex": said("男")}, {"birth": said("1949-12-30")}])
def test_another_sex_or_birth_than_the_numbers_is_told(changed: dict[str, FieldReading]) -> None:
    assert risks.written(replace(FRONT, **changed), DAY) == {Risk.NUMBER_DISAGREES}


def test_what_was_not_read_disagrees_with_nothing() -> None:
    assert risks.written(replace(FRONT, sex=said(""), birth=said("")), DAY) == frozenset()
    assert risks.written(replace(FRONT, id_number=said("110105194912310021")), DAY) == frozenset()


def test_a_region_that_never_was_is_told() -> None:
    # 99 is no province. 9*7+9*9+9*10+9*5+9*8+9*4 = 387; 1*2+9*1+4*6+9*3+1*7+2*9+3*10+1*5+0+0+2*2 = 126; 513 % 11 = 7.
    nowhere = replace(FRONT, id_number=said("999999194912310025"))
    assert risks.written(nowhere, DAY) == {Risk.REGION_UNKNOWN}


@pytest.mark.parametrize(
    ("until", "expired"), [("2026-05-31", True), ("2026-06-01", False), ("长期", False), ("", False)]
)
def test_a_card_has_expired_on_the_day_after_its_last(until: str, expired: bool) -> None:
    assert risks.written(back(until), DAY) == ({Risk.EXPIRED} if expired else set())
    assert risks.written(back(until), None) == frozenset()


@pytest.mark.parametrize(
    "less",
    [
        replace(FRONT, name=said("某")),
        replace(FRONT, birth=said("")),
        replace(FRONT, ethnicity=said("")),
        replace(FRONT, id_number=said("1101051949123100")),
        replace(back("2026-06-01"), authority=said("北京市公安")),
        back(""),
    ],
)
@pytest.mark.parametrize("hiding", [Risk.GLARE, Risk.OCCLUDED])
def test_what_breaks_off_is_laid_on_what_likelier_hides_it(less: IdCardFront | IdCardBack, hiding: Risk) -> None:
    assert hiding in risks.told(risks.Seen(frozenset(), hiding=hiding), less, DAY)


@pytest.mark.parametrize("other", [Risk.BLURRED, Risk.EDGE_MISSING, Risk.GLARE, Risk.SCREEN])
def test_what_breaks_off_because_of_another_risk_is_laid_on_that(other: Risk) -> None:
    assert risks.told(risks.Seen(frozenset({other})), back(""), DAY) == {other}


def measure(scene: Scene) -> Quality:
    sight, corners = flattened(scene)
    return quality.measure(sight, scene.pixels.shape, corners)


def seen(scene: Scene) -> frozenset[Risk]:
    sight, corners = flattened(scene)
    return risks.seen(sight, quality.measure(sight, scene.pixels.shape, corners), scene.pixels, corners).risks


def test_a_good_picture_has_no_risk_and_good_quality() -> None:
    scene = risk_sample(Set.DEV, None, 0)
    measured = measure(scene)
    assert seen(scene) == frozenset()
    assert min(measured.sharpness, measured.glare, measured.exposure, measured.coverage) > 0.6
    assert measured.rotation < 15 or measured.rotation > 345


@pytest.mark.slow
@pytest.mark.parametrize("risk", [Risk.BLURRED, Risk.PHOTOCOPY, Risk.EDGE_MISSING])
def test_a_picture_with_a_risk_is_found_out(risk: Risk) -> None:
    assert risk in seen(risk_sample(Set.DEV, risk, 1))


@pytest.mark.slow
def test_blur_lowers_the_sharpness_and_nothing_else() -> None:
    scene = risk_sample(Set.DEV, None, 0)
    soft = replace(scene, pixels=np.asarray(cv2.GaussianBlur(scene.pixels, (0, 0), 6)))
    before, after = measure(scene), measure(soft)
    assert after.sharpness < 0.6 * before.sharpness
    assert after.coverage == before.coverage


@pytest.mark.parametrize("shape", [(16000, 200, 3), (200, 16000, 3), (20000, 4, 3)])
def test_a_picture_like_a_thread_is_not_out_of_focus(shape: tuple[int, ...]) -> None:
    assert not quality.out_of_focus(np.random.default_rng(0).integers(0, 255, shape, np.uint8))


def test_a_picture_in_which_nothing_is_sharp_is_out_of_focus_and_an_empty_tray_in_shadow_is_not() -> None:
    tray: Pixels = np.full((500, 800, 3), 180, np.uint8)
    print_ = tray.copy()
    for row in range(60, 460, 40):
        cv2.putText(print_, "6222 0000 1111 2222 3333", (60, row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (40, 40, 40), 3)
    assert not quality.out_of_focus(print_)
    assert quality.out_of_focus(np.asarray(cv2.GaussianBlur(print_, (0, 0), 4)))
    assert not quality.out_of_focus(tray)
    shadow = tray.copy()
    shadow[:, :400] = 120
    assert not quality.out_of_focus(np.asarray(cv2.GaussianBlur(shadow, (0, 0), 10)))


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_nothing_at_all_is_judged_without_complaint(shade: int) -> None:
    flat: Pixels = np.full((631, 1000, 3), shade, np.uint8)
    whole = np.array([[50, 50], [1050, 50], [1050, 681], [50, 681]], float)
    for side in ("front", "back"):
        blank = look(flat, layout(f"resident_id_{side}"), {})
        measured = quality.measure(blank, (731, 1100, 3), whole)
        assert measured.sharpness == 0
        told = risks.seen(blank, measured, np.full((731, 1100, 3), shade, np.uint8), whole)
        assert Risk.BLURRED in told.risks


# Recall and false alarms measured on these very pictures (docs/ocr/risks.md), and a little beside.
MEASURED = {
    Risk.GLARE: (0.93, 0.02),
    Risk.OCCLUDED: (0.93, 0.02),
    Risk.BLURRED: (0.95, 0.02),
    Risk.PHOTOCOPY: (0.98, 0.02),
    Risk.SCREEN: (0.95, 0.02),
    Risk.EDITED: (0.93, 0.02),
    Risk.EDGE_MISSING: (0.98, 0.02),
}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_risks_are_found_as_often_as_was_measured_and_not_where_they_are_not() -> None:
    told: list[tuple[frozenset[Risk], frozenset[Risk]]] = []
    for number in range(120):  # of each what was seen and what is true: the pictures would be half a gigabyte
        scene = risk_sample(Set.DEV, None, number)
        told.append((seen(scene), scene.risks | scene.slight))
    for risk, (recall, false_alarms) in MEASURED.items():
        found = [risk in seen(risk_sample(Set.DEV, risk, number)) for number in range(60)]
        alarms = [risk in each for each, true in told if risk not in true]
        assert np.mean(found) >= recall, risk
        assert np.mean(alarms) <= false_alarms, risk
