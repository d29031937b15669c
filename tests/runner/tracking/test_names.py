"""Parameters as MLflow accepts them, from configs whose keys are a user's own."""

import mlflow

from runner.tracking import names

KEYS = ["plain.key", "x > 1", "größe", "a=b,c", "path/../up", "/top", "a+b", "a*b", "ends/", "k" * 300, "k" * 299 + "?"]


def test_any_keys_are_recorded_each_under_one_that_mlflow_accepts(tmp_path):
    accepted = names.accepted_params({key: f"{place}" for place, key in enumerate(KEYS)})
    assert list(accepted.values()) == [str(place) for place in range(len(KEYS))]
    assert accepted["plain.key"] == "0"
    assert accepted["x _ 1"] == "1"
    assert accepted["größe"] == "2"
    assert {"a_b", "a_b_2"} <= set(accepted)

    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    run = client.create_run(client.create_experiment("e"))
    client.log_batch(run.info.run_id, params=[mlflow.entities.Param(*each) for each in accepted.items()])
    assert client.get_run(run.info.run_id).data.params == accepted


def test_long_values_are_cut_to_what_mlflow_takes():
    assert len(names.accepted_params({"units": "1, " * 5000})["units"]) == names.PARAM_LENGTH
