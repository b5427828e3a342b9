"""Discriminators that are too strong, or know the data by heart."""

from genzoo.interfaces.vital_signs import Separation

SIGN = Separation(
    logged="discriminator/separation",
    losses=("discriminator/real", "discriminator/fake"),
    weaken="Weaken it.",
    regularise="Regularise it.",
)


def curves(make_history, separation, loss, **rest):
    return make_history(
        discriminator__separation=separation,
        discriminator__real=loss,
        discriminator__fake=loss,
        **rest,
    )


def test_a_sure_discriminator_is_overpowered(found, make_history):
    log = curves(make_history, 1.0, 0.001)
    finding = found("discriminator-overpowered", history=log, signs=[SIGN], data_count=10**6)
    assert finding.severity == "problem"
    assert "100.0% of real samples" in finding.message
    assert "0.002" in finding.message
    assert finding.remedy == "Weaken it."


def test_a_discriminator_that_is_right_but_not_sure_is_none(found, make_history):
    log = curves(make_history, 1.0, 0.05)
    assert found("discriminator-overpowered", history=log, signs=[SIGN], data_count=10**6) is None


def test_only_the_last_quarter_counts(found, make_history):
    recovered = curves(make_history, 1.0, lambda share: 0.001 if share < 0.7 else 0.3)
    assert found("discriminator-overpowered", history=recovered, signs=[SIGN]) is None
    lost = curves(make_history, 1.0, lambda share: 0.3 if share < 0.7 else 0.001)
    assert found("discriminator-overpowered", history=lost, signs=[SIGN])


def test_a_critic_without_an_end_is_never_overpowered(found, make_history):
    log = curves(make_history, 1.0, -50.0)
    critic = Separation("discriminator/separation", (), "", "")
    assert found("discriminator-overpowered", history=log, signs=[critic]) is None


def test_a_young_run_is_not_judged(found, make_history):
    young = curves(make_history, 1.0, 0.0, steps=190)
    assert found("discriminator-overpowered", history=young, signs=[SIGN]) is None
    old_enough = curves(make_history, 1.0, 0.0, steps=200)
    assert found("discriminator-overpowered", history=old_enough, signs=[SIGN])


def test_what_is_declared_and_not_logged_is_not_judged(found, make_history):
    assert found("discriminator-overpowered", history=make_history(), signs=[SIGN]) is None


def test_few_samples_seen_many_times_are_known_by_heart(found, make_history):
    log = curves(make_history, 0.97, 0.2)
    finding = found("discriminator-overfitted", history=log, signs=[SIGN], data_count=40)
    assert finding.severity == "warning"
    assert "each of the 40 samples 800 times" in finding.message
    assert finding.remedy == "Regularise it."


def test_a_healthy_discriminator_does_not_know_the_data(found, make_history):
    in_doubt = curves(make_history, 0.85, 0.5)
    assert found("discriminator-overfitted", history=in_doubt, signs=[SIGN], data_count=40) is None
    log = curves(make_history, 0.97, 0.2)
    assert found("discriminator-overfitted", history=log, signs=[SIGN], data_count=400) is None
    many = curves(make_history, 0.97, 0.2, steps=10**6, every=10**4)
    assert found("discriminator-overfitted", history=many, signs=[SIGN], data_count=5000) is None
