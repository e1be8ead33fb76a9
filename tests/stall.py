"""A stall: the smallest definitions that have prices; tests add what they are about."""

APP = """
app: stall
label: {en: Stall, zh: 小摊}
currency: EUR
pricing:
  entity: ware
  currencies: {EUR: 2}
  item: {entity: ware, key: code, price: price}
"""
WARE = """
entity: ware
label: {en: Ware, zh: 商品}
title: "{code}"
fields:
  code: {type: code, label: {en: Code, zh: 编码}, required: true, unique: true}
  price: {type: money, label: {en: Price, zh: 价格}, required: true}
"""
