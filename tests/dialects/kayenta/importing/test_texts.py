"""A query keeps its text: with the same values it comes out as Kayenta's own would."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from judge.dialects.kayenta.importing.analysis import imported
from judge.dialects.kayenta.metrics import metric_of
from judge.dialects.kayenta.reading import read_config
from judge.dialects.kayenta.scopes import Scope
from judge.spec.loading import load_analysis
from judge.spec.resolved import CANARY
from judge.spec.written import read_written

PIECES = [
    "up{a='${scope}'}",
    'm{a="x-${app-name}.*",b=~"[0-9]{{2}}",c!="${zone:-eu}"}',
    "rate(m{a=`${scope}${zone}`}[${window}])",
    'label_replace(m,"a","$${1}-$\\{app-name}","b","(${zone}|{{x}}|$\\\\{)")',
    "sum by (${by}) (m{a='{',b='${scope}{'})",
    "m{a='{${scope}}',b='$${scope}$${',c='${}'} # ${zone} {{ no }}\n",
    "m > ${least}",
]
STRINGS = st.text("aZ09_.- {}$:|()*", max_size=6).filter(lambda text: "${" not in text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4),
    STRINGS.filter(bool),
    st.fixed_dictionaries(dict.fromkeys(("app-name", "zone", ""), STRINGS)),
    st.sampled_from(["5m", "90s"]),
    st.sampled_from(["1.5", "1e3"]),
)
def test_a_query_with_the_same_values_is_the_same(
    pieces: list[str], scope: str, strings: dict[str, str], window: str, least: str
) -> None:
    params = {**strings, "window": window, "by": "pod", "least": least}
    metric = {
        "name": "m",
        "groups": ["all"],
        "scopeName": "default",
        # The scope is always there, so that all else is shared by the tracks.
        "query": {
            "type": "prometheus",
            "customInlineTemplate": "PromQL:" + " or ".join(["s{a='${scope}'}", *pieces]),
        },
    }
    doc = {"name": "n", "metrics": [metric], "classifier": {}}
    theirs = metric_of(
        read_config(doc), 0, baseline=Scope("b", "", params), canary=Scope(scope, "", params)
    )
    text = imported(read_written(json.dumps(doc), source="f"), shown="f").text
    ours = {
        **params,
        "baselineScope": "b",
        "canaryScope": scope,
        "app_name": params["app-name"],
        "value": params[""],
    }
    inputs = read_written(text, source="f").data["spec"]["inputs"]
    analysis = load_analysis(text, variables={name: ours[name] for name in inputs})
    asked, expected = (one.queries[CANARY]["values"].expr for one in (analysis.metrics[0], theirs))
    assert asked.replace("\\x7b", "{") == re.sub("#.*", "", expected)
