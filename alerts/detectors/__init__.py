"""The one table of detectors. A new detector is one file and one line here."""

from alerts.detectors.ads import ad_spend_anomaly, ads_out_of_stock
from alerts.detectors.fulfilment import late_shipment, parcel_stuck, shopee_late_rate
from alerts.detectors.payments import dispute_evidence, duplicate_charge, fraud_warning
from alerts.detectors.stock import bestseller_out, oversold, stock_out, supplier_late
from alerts.detectors.support import angry_message, first_answer, return_decision, ticket_wave
from alerts.detectors.system import connection_fault, feed_stale, model_budget, write_unknown
from alerts.types import Detector

DETECTORS: tuple[Detector, ...] = (
    late_shipment.DETECTOR,
    shopee_late_rate.DETECTOR,
    parcel_stuck.DETECTOR,
    return_decision.DETECTOR,
    duplicate_charge.DETECTOR,
    ticket_wave.DETECTOR,
    angry_message.DETECTOR,
    first_answer.DETECTOR,
    dispute_evidence.DETECTOR,
    fraud_warning.DETECTOR,
    stock_out.DETECTOR,
    bestseller_out.DETECTOR,
    oversold.DETECTOR,
    ads_out_of_stock.DETECTOR,
    ad_spend_anomaly.DETECTOR,
    supplier_late.DETECTOR,
    feed_stale.DETECTOR,
    connection_fault.DETECTOR,
    write_unknown.DETECTOR,
    model_budget.DETECTOR,
)
BY_NAME = {detector.name: detector for detector in DETECTORS}
