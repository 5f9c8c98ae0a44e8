"""What Salesforce says about its objects and their fields, in the form in which it says it."""

from __future__ import annotations

from typing import Any

from aos_cli.stand_ins.salesforce.objects import Field, Object

_SOAP = {"boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime", "id": "tns:ID", "reference": "tns:ID"}


def summary(made: Object, version: str) -> dict[str, Any]:
    """An object as the list of all of them shows it."""
    url = f"/services/data/v{version}/sobjects/{made.name}"
    return {
        "name": made.name, "label": made.label, "labelPlural": f"{made.label}s", "keyPrefix": made.prefix, "custom": made.name.endswith("__c"),
        "customSetting": False, "deprecatedAndHidden": False, "queryable": True, "retrieveable": True, "replicateable": True, "searchable": True,
        "layoutable": True, "triggerable": True, "undeletable": True, "mergeable": False, "activateable": False, "hasSubtypes": False, "isSubtype": False,
        "feedEnabled": False, "mruEnabled": True, "associateEntityType": None, "associateParentEntity": None, "createable": made.writable,
        "updateable": made.writable, "deletable": made.writable, "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
        **{name: value for name, value in made.flags.items() if name != "bulk"},
    }  # fmt: skip


def described(made: Object, version: str) -> dict[str, Any]:
    return {**summary(made, version), "fields": [_field(one, made.writable) for one in made.all], "childRelationships": [], "recordTypeInfos": []}


def _field(one: Field, writable: bool) -> dict[str, Any]:
    changes = writable and not one.calculated and one.name not in ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
    compound = one.type in ("address", "location")
    return {
        "name": one.name, "label": one.label or one.name, "type": one.type, "soapType": _SOAP.get(one.type, "xsd:string"), "calculated": one.calculated,
        "custom": one.name.endswith("__c"), "inlineHelpText": one.help or None, "nillable": one.type not in ("id", "boolean"), "createable": changes,
        "updateable": changes, "filterable": not compound, "sortable": not compound, "groupable": not compound, "idLookup": one.type == "id",
        "length": 18 if one.type in ("id", "reference") else 255 if one.sql == "varchar" else 0, "precision": 18 if one.numeric else 0, "scale": 2 if one.numeric else 0,
        "digits": 9 if one.type == "int" else 0, "unique": one.type == "id", "referenceTo": [], "relationshipName": None, "picklistValues": [], "compoundFieldName": None,
        "deprecatedAndHidden": False, "encrypted": False, "externalId": False, "restrictedPicklist": False, "defaultValue": None, "byteLength": 0,
    }  # fmt: skip
