"""What was laid over a field shows: its paper has no grain, it ends in straight borders, its ink is another."""

import cv2
import numpy as np
import pytest

from ocr import borders, forgery, grain
from ocr.arrays import Pixels, Points
from ocr.id_card import Risk
from ocr.layout import layout
from ocr.sight import Place, Sight, look
from ocr.synth.flattened import flattened
from ocr.synth.samples import Set, risk_sample

BOX = 190, 70, 390, 130
PLACES = {"name": Place(BOX, 1), "sex": Place((190, 160, 250, 215), 1), "birth": Place((190, 235, 560, 290), 1)}


def card(noise: float = 5) -> Pixels:
    grains = np.random.default_rng(2).normal(0, noise, (631, 1000, 3))
    flat = np.clip(cv2.GaussianBlur(190 + grains, (0, 0), 0.6), 0, 255).astype(np.uint8)
    for left, top, right, bottom in (place.box for place in PLACES.values()):
        for at in range(left + 8, right - 8, 14):
            flat[top + 10 : bottom - 10, at : at + 4] = 50
    return flat


def laid_over(flat: Pixels, brighter: int) -> Pixels:
    left, top, right, bottom = BOX
    ink = flat[top:bottom, left:right] < 100
    flat[top:bottom, left:right][~ink] = 190 + brighter
    return flat


def sight(flat: Pixels) -> Sight:
    return look(flat, layout("resident_id_front"), PLACES)


def steps(flat: Pixels) -> Points:
    seen = sight(flat)
    return borders.steps(seen, grain.of(seen), BOX, 210.0, np.array([15.0, 10.0]))


def test_a_patch_without_grain_is_quieter_than_the_card() -> None:
    plain, forged = (grain.quieter(grain.of(sight(flat)), BOX) for flat in (card(), laid_over(card(), 0)))
    assert plain[:3].max() < 0.25
    assert forged[:3].min() > 0.4


def test_the_borders_of_a_brighter_patch_stand_out_where_the_sides_of_a_field_do_not() -> None:
    plain, forged = steps(card()), steps(laid_over(card(), 6))
    assert len(plain) == borders.SIGNS
    agreeing = slice(8, 10)  # the second and the third largest step of the four sides
    assert plain[agreeing].max() < 1.5
    assert forged[agreeing].min() > 1.8  # 6 of 190 in each channel: log(1 + 3 * 2.8) = 2.2


def test_every_field_has_all_signs_and_none_is_less_than_nothing() -> None:
    told = forgery.signs(forgery.prints(sight(card()), 0.8), {})
    assert set(told) == set(PLACES)
    for signs in told.values():
        assert len(signs) == len(forgery.SIGNS)
        assert np.isfinite(signs).all()
        assert signs.min() >= 0


def test_a_field_alone_is_not_judged_beside_others() -> None:
    seen = look(card(), layout("resident_id_front"), {"name": Place(BOX, 1), "sex": None})
    told = forgery.signs(forgery.prints(seen, 0.8), forgery.fitted().usual)
    assert not told["name"][:14].any()


@pytest.mark.parametrize(
    "box", [(0, 0, 40, 30), (960, 600, 1000, 631), (300, 300, 304, 304), (300, 100, 306, 500), (0, 0, 1000, 631)]
)
def test_a_field_at_the_edge_or_without_paper_around_is_no_failure(box: tuple[int, int, int, int]) -> None:
    for flat in (card(), np.zeros((631, 1000, 3), np.uint8), np.full((631, 1000, 3), 255, np.uint8)):
        forgery.likely(look(flat, layout("resident_id_front"), {**PLACES, "name": Place(box, 1)}), 0.8)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_forged_field_is_told_and_the_others_of_that_card_are_not(number: int) -> None:
    scene = risk_sample(Set.DEV, Risk.EDITED, number)
    seen, _ = flattened(scene)
    fit = forgery.fitted()
    told = forgery.signs(forgery.prints(seen, 0.9), fit.usual)
    odds = {name: float(np.minimum(each, fit.caps) @ np.array(fit.weights)) + fit.bias for name, each in told.items()}
    assert {name for name, each in odds.items() if each > fit.likely} == {scene.effects[-1].removeprefix("forged ")}
