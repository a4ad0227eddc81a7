import base64
import secrets
import socket
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from sandbox.errors import SandboxError
from sandbox.fetched import jars, java
from sandbox.kafka_listener import SCRAM, Listener
from sandbox.ports import Port
from sandbox.process import Child
from sandbox.records import API_VERSION
from sandbox.startable import Startable
from sandbox.waiting import wait_until

READY_TIMEOUT_S = 60.0
REPLICAS_MAX = 3  # of Kafka's internal topics
LOG4J2 = Path(__file__).parent / "log4j2.properties"
JVM_OPTIONS = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # starts fast on few cores


@dataclass(frozen=True, slots=True)
class Node:
    """One broker, which is a controller too."""

    node_id: int
    folder: Path
    client_port: Port
    controller_port: Port
    listener_ports: Mapping[str, Port]  # of the listeners besides, by name
    child: Child

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return f"127.0.0.1:{self.client_port.number}"


class Kafka(Startable):
    """A Kafka cluster on loopback (KRaft, every node broker and controller), ready when `start` returns.

    Topics must be created. A stopped, killed or restarted node keeps its ports and its data in `work_dir`; records
    are kept for ever, so that tests may use literal timestamps. Nodes are counted from 0.
    """

    def __init__(
        self,
        work_dir: Path,
        brokers: int = 1,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        listeners: Sequence[Listener] = (),
        users: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a cluster.

        Args:
            work_dir: for configuration, data and logs.
            brokers: how many nodes.
            port: the client port of node 0.
            settings: further lines of every node's configuration.
            listeners: doors besides the open one, see `servers`.
            users: passwords by name, for SASL/SCRAM from the first start on.
        """
        # 16 bytes in base64, as Kafka wants it; of hexadecimal digits, so that it never begins with a dash.
        self._cluster_id = base64.urlsafe_b64encode(secrets.token_hex(8).encode()).decode().rstrip("=")
        names = [one.name for one in listeners]
        self._nodes = [_make_node(work_dir, index, port if index == 0 else None, names) for index in range(brokers)]
        self._settings = dict(settings or {})
        self._listeners = listeners
        self._users = dict(users or {})

    @property
    def bootstrap_servers(self) -> str:
        """The addresses of all nodes, comma-separated."""
        return ",".join(node.bootstrap for node in self._nodes)

    def servers(self, listener: str) -> str:
        """The addresses of all nodes at one of the further listeners, comma-separated."""
        return ",".join(f"127.0.0.1:{node.listener_ports[listener].number}" for node in self._nodes)

    def start(self) -> Self:
        """Start every node that does not run, and wait until the cluster answers.

        Raises:
            SandboxError: it does not come up; with the last lines of a log.
        """
        stopped = [node for node in self._nodes if not node.child.alive]
        for node in stopped:
            self._write_configuration(node)
        _format(stopped, self._cluster_id, self._users)
        for node in stopped:
            node.child.start()
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop all nodes cleanly; `start` brings them back."""
        for node in self._nodes:  # all at once: the last ones could not hand over to a quorum
            node.child.terminate()
        for node in self._nodes:
            node.child.stop()

    def restart(self, index: int | None = None) -> None:
        """Stop one node (or all) cleanly if it runs, start it again and wait until the cluster answers."""
        if index is None:
            self.stop()
        else:
            self._nodes[index].child.stop()
        self.start()

    def kill(self, index: int = 0) -> None:
        """End a node as a power cut would; `restart(index)` brings it back."""
        self._nodes[index].child.kill()

    def freeze(self, index: int = 0) -> None:
        """Let a node hang: its connections stay open and nothing is answered."""
        self._nodes[index].child.freeze()

    def thaw(self, index: int = 0) -> None:
        """Let a frozen node go on."""
        self._nodes[index].child.thaw()

    def create_topic(
        self, name: str, partitions: int = 1, replication: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic and wait until every partition takes records.

        Raises:
            SandboxError: the cluster refuses; says why.
        """
        topic = NewTopic(name, partitions, replication, topic_configs=dict(config or {}))
        admin = self.admin()
        try:
            admin.create_topics([topic])
            wait_until(lambda: _has_leaders(admin, name, partitions), READY_TIMEOUT_S, f"leaders of topic {name}")
            self._wait_until_leaders_lead(name, partitions)
        except KafkaError as error:
            raise SandboxError(f"Kafka did not create topic {name}: {error}") from error
        finally:
            admin.close()

    def close(self) -> None:
        """Stop all nodes and let others have their ports."""
        self.stop()
        for node in self._nodes:
            node.client_port.release()
            node.controller_port.release()
            for port in node.listener_ports.values():
                port.release()

    def admin(self) -> KafkaAdminClient:
        """Connect to administer the cluster; the caller closes it."""
        return KafkaAdminClient(bootstrap_servers=self.bootstrap_servers.split(","), api_version=API_VERSION)

    def _wait_until_ready(self) -> None:
        running = [node for node in self._nodes if node.child.alive]
        for node in running:
            node.child.wait_until(partial(_listens, node.client_port), READY_TIMEOUT_S, "its port opens")
        running[0].child.wait_until(
            lambda: self._count_brokers() >= len(running), READY_TIMEOUT_S, "all brokers joined"
        )

    def _wait_until_leaders_lead(self, topic: str, partitions: int) -> None:
        """Ask each leader for an offset: a broker is named as leader a moment before it knows."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap_servers.split(","), api_version=API_VERSION, enable_auto_commit=False
        )
        try:
            consumer.end_offsets([TopicPartition(topic, number) for number in range(partitions)])
        finally:
            consumer.close()

    def _count_brokers(self) -> int:
        try:
            admin = self.admin()
        except KafkaError:
            return 0
        try:
            return len(admin.describe_cluster()["brokers"])
        except KafkaError:
            return 0
        finally:
            admin.close()

    def _write_configuration(self, node: Node) -> None:
        node.folder.mkdir(parents=True, exist_ok=True)
        (node.folder / "server.properties").write_text(
            _configuration(node, self._nodes, self._settings, self._listeners)
        )


def _make_node(work_dir: Path, index: int, fixed_port: int | None, listeners: Iterable[str]) -> Node:
    name = f"kafka-{index}"
    folder = work_dir / name
    return Node(
        node_id=index,
        folder=folder,
        client_port=Port.fixed(fixed_port) if fixed_port else Port.reserve(),
        controller_port=Port.reserve(),
        listener_ports={name: Port.reserve() for name in listeners},
        child=Child(name, [*_jvm(), "kafka.Kafka", str(folder / "server.properties")], work_dir),
    )


def _jvm() -> list[str]:
    classpath = ":".join(str(jar) for jar in jars("broker"))
    return [java(), *JVM_OPTIONS, f"-Dlog4j2.configurationFile={LOG4J2}", "-cp", classpath]


def _format(nodes: Iterable[Node], cluster_id: str, users: Mapping[str, str]) -> None:
    """Give new nodes their empty storage, all at the same time."""
    scrams = [f"{kind}=[name={name},password={users[name]}]" for name in users for kind in SCRAM]
    formatting = []
    for node in nodes:
        if not (node.folder / "data" / "meta.properties").exists():
            arguments = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id]
            command = [*_jvm(), *arguments, "--config", str(node.folder / "server.properties")]
            command += [word for scram in scrams for word in ("--add-scram", scram)]
            formatting.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    for process in formatting:
        words, _ = process.communicate()
        if process.returncode != 0:
            raise SandboxError(f"Kafka's storage could not be made, it says: {words.strip()}")


def _configuration(node: Node, nodes: list[Node], further: Mapping[str, str], listeners: Sequence[Listener]) -> str:
    replicas = min(len(nodes), REPLICAS_MAX)
    in_sync = max(1, replicas - 1)
    addresses = {"PLAINTEXT": node.bootstrap}
    addresses |= {one.name: f"127.0.0.1:{node.listener_ports[one.name].number}" for one in listeners}
    advertised = addresses | {one.name: one.advertised for one in listeners if one.advertised}
    addresses["CONTROLLER"] = f"127.0.0.1:{node.controller_port.number}"
    protocols = ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *(f"{one.name}:{one.protocol}" for one in listeners)]
    settings = {
        "process.roles": "broker,controller",
        "node.id": node.node_id,
        "controller.quorum.voters": ",".join(f"{n.node_id}@127.0.0.1:{n.controller_port.number}" for n in nodes),
        "listeners": ",".join(f"{name}://{address}" for name, address in addresses.items()),
        "advertised.listeners": ",".join(f"{name}://{address}" for name, address in advertised.items()),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": ",".join(protocols),
        "log.dirs": node.folder / "data",
        "auto.create.topics.enable": "false",  # a misspelt topic shall fail, not fill
        "log.retention.ms": -1,
        "log.cleaner.dedupe.buffer.size": 4 << 20,  # 128 MB otherwise, a third of the heap
        "group.initial.rebalance.delay.ms": 0,
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 3000,  # a killed node may come back only when its old session is over
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        **further,
        **{line: value for one in listeners for line, value in one.lines().items()},
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _listens(port: Port) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port.number)) == 0


def _has_leaders(admin: KafkaAdminClient, topic: str, partitions: int) -> bool:
    described = admin.describe_topics([topic])[0]["partitions"]
    return len(described) == partitions and all(p["leader"] >= 0 and not p["error_code"] for p in described)
