"""What lies in private places: commands fetch it with the logins that the server's settings give."""

import asyncio
import subprocess
from pathlib import Path

from bot.model.login import basic
from tests.support.chart_server import chart_server, sha256
from tests.support.charts import archive, chart_yaml, config_map
from tests.support.git_server import git_server
from tests.support.programs import program
from tests.support.typed import tidegate

CHART = archive({"web/Chart.yaml": chart_yaml("web"), "web/templates/a.yaml": config_map("from-the-chart", "x")})
BASE = {
    "kustomization.yaml": "resources: [a.yaml]\n",
    "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-the-base}\n",
}
SETTINGS = """
forges: {{github: {{kind: github, token: x, webhook_secret: {secret}}}}}
targets: {{}}
repositories: []
render:
  jail: best-effort
  programs: {{kustomize: {kustomize}, helm: {helm}}}
  bases: ["{base}/*"]
  charts: ["oci://{host}/*"]
  logins:
  - {{match: "{base}/*", username: ana, password_file: password}}
  - {{match: "oci://{host}/*", username: ana, password_file: password}}
"""
TIDEGATE = """version: 1
environments:
  base: {{source: {{path: base}}, target: base, apply: never}}
  chart:
    source: {{path: chart, options: {{chart: "oci://{host}/charts/web", version: 1.2.3, digest: "{digest}"}}}}
    target: chart
    apply: never
"""


async def test_private_bases_and_charts_are_rendered(tmp_path: Path) -> None:
    programs = {"kustomize": program("kustomize"), "helm": program("helm")}
    shown, key = tmp_path / "charts.crt", tmp_path / "charts.key"
    async with chart_server(tmp_path) as charts, git_server(tmp_path / "served", (shown, key)) as bases:
        charts.archives[("web", "1.2.3")] = CHART
        commit = bases.commit("acme/base.git", BASE)
        charts.login = bases.login = basic("ana", "hunter2")
        settings = SETTINGS.format(secret="s" * 32, base=bases.url, host=charts.host, **programs)
        (tmp_path / "server.yaml").write_text(settings)
        (tmp_path / "password").write_text("hunter2\n")
        repository = tmp_path / "repository"
        files = {
            "tidegate.yaml": TIDEGATE.format(host=charts.host, digest=sha256(CHART)),
            "base/kustomization.yaml": f"resources: ['{bases.url}/acme/base.git?ref={commit}']\n",
            "chart/values.yaml": "{}\n",
        }
        subprocess.run(["git", "init", "-q", repository], check=True)
        for path, text in files.items():
            (repository / path).parent.mkdir(exist_ok=True)
            (repository / path).write_text(text)

        def render(cache: str) -> tuple[int, str, str]:
            done = tidegate(
                "render", "-c", "../server.yaml", cwd=repository, XDG_CACHE_HOME=str(tmp_path / cache),
                SSL_CERT_FILE=str(shown), GIT_SSL_CAINFO=str(shown),
            )  # fmt: skip
            return done.returncode, done.stdout, done.stderr

        status, printed, errors = await asyncio.to_thread(render, "first")
        assert (status, errors) == (0, "")
        assert "from-the-base" in printed
        assert "from-the-chart" in printed
        (tmp_path / "password").write_text("wrong")
        status, _, errors = await asyncio.to_thread(render, "second")
        assert (status, errors.count("does not take the login")) == (1, 2)
