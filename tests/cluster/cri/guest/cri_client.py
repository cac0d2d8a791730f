# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough of a client of the CRI; the messages come from their descriptors, so there is no generated code."""

import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

SOCKET = "unix:///run/containerd/containerd.sock"
SERVICE = "runtime.v1.RuntimeService"
READY_SECONDS = 120


class Cri:
    """call("RunPodSandbox", {...}) takes and gives dictionaries. Raises grpc.RpcError."""

    def __init__(self, descriptors):
        with open(descriptors, "rb") as stream:
            files = descriptor_pb2.FileDescriptorSet.FromString(stream.read())
        self.pool = descriptor_pool.DescriptorPool()
        for one in files.file:
            self.pool.Add(one)
        self.service = self.pool.FindServiceByName(SERVICE)
        self.channel = grpc.insecure_channel(SOCKET)
        grpc.channel_ready_future(self.channel).result(timeout=READY_SECONDS)

    def call(self, name, body=None, timeout=120):
        path, request, answer = self._parts(name, body or {})
        ask = self.channel.unary_unary(path, _to_bytes, answer.FromString)
        return _to_dict(ask(request, timeout=timeout))

    def stream(self, name, into):
        """Append each message of a stream to the list `into`, from a thread of its own."""
        path, request, answer = self._parts(name, {})
        ask = self.channel.unary_stream(path, _to_bytes, answer.FromString)

        def read():
            try:
                for message in ask(request):
                    into.append(_to_dict(message))
            except grpc.RpcError as error:
                into.append({"stream_ended": str(error.code())})

        threading.Thread(target=read, daemon=True).start()

    def _parts(self, name, body):
        method = self.service.methods_by_name[name]
        request = json_format.ParseDict(body, self._class(method.input_type)())
        return f"/{SERVICE}/{name}", request, self._class(method.output_type)

    def _class(self, descriptor):
        # Debian's python3-protobuf is older than the function that protobuf has for it now.
        if hasattr(message_factory, "GetMessageClass"):
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(self.pool).GetPrototype(descriptor)


def _to_bytes(message):
    return message.SerializeToString()


def _to_dict(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True)
